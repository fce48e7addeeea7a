import {
	NodeApiError,
	NodeConnectionTypes,
	type IExecuteSingleFunctions,
	type IN8nHttpFullResponse,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type JsonObject,
} from 'n8n-workflow';

/** The parts of an answer of the host that a person reads. */
interface Answer {
	returnData?: string;
	error?: string;
	message?: string;
	followToken?: string;
	errorDetails?: { cause?: string; cure?: string };
}

/** Fails the step of a command that was not successful, which the host answers with status 200. */
async function requireSuccess(
	this: IExecuteSingleFunctions,
	items: INodeExecutionData[],
	response: IN8nHttpFullResponse,
): Promise<INodeExecutionData[]> {
	const answer = response.body as Answer;
	if (answer.returnData === 'Successful') return items;
	const { cause, cure } = answer.errorDetails ?? {};
	const message = answer.error || answer.message || 'The host gives no reason.';
	const description =
		answer.returnData === 'Running'
			? `Run it again with Follow = ${answer.followToken}. It follows the same work, and starts nothing.`
			: [cause, cure].filter(Boolean).join(' ');
	throw new NodeApiError(this.getNode(), response.body as JsonObject, { message, description });
}

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
			// The host answers within 300 seconds, unless its time-limit-seconds is longer.
			timeout: 330_000,
			body: {
				Username: '={{$credentials.hostUser}}',
				Site: '={{$credentials.site}}',
				CommandParams: { 'Connection Name': '={{$credentials.connectionName}}' },
			},
		},
		properties: @properties@,
	};
}
