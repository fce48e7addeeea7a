import { NodeConnectionTypes, type INodeType, type INodeTypeDescription } from 'n8n-workflow';

export class @class@ implements INodeType {
	description: INodeTypeDescription = {
		displayName: '@title@',
		name: '@camel@',
		icon: 'file:footprint.svg',
		group: ['input'],
		version: 1,
		subtitle: '={{$parameter["operation"]}}',
		description: @description@,
		defaults: { name: '@title@' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: '@camel@HostApi', required: true }],
		requestDefaults: {
			baseURL: '={{$credentials.hostUrl}}/api/Command',
			body: {
				Username: '={{$credentials.hostUser}}',
				Site: '={{$credentials.site}}',
				CommandParams: { 'Connection Name': '={{$credentials.connectionName}}' },
			},
		},
		properties: @properties@,
	};
}
