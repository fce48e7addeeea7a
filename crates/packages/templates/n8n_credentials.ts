import type {
	IAuthenticateGeneric,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

export class @class@HostApi implements ICredentialType {
	name = '@camel@HostApi';

	displayName = '@title@ Host API';

	icon = 'file:footprint.svg' as const;

	documentationUrl = 'https://docs.n8n.io/integrations/community-nodes/';

	properties: INodeProperties[] = @properties@;

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { d3key: '={{$credentials.hostKey}}' } },
	};

	test: ICredentialTestRequest = {
		request: {
			baseURL: '={{$credentials.hostUrl}}/api/Command',
			url: '/TestConnection',
			method: 'POST',
			body: {
				Username: '={{$credentials.hostUser}}',
				Site: '={{$credentials.site}}',
				CommandParams: { 'Connection Name': '={{$credentials.connectionName}}' },
			},
		},
		rules: [
			{
				type: 'responseSuccessBody',
				properties: {
					key: 'returnData',
					value: 'Failed',
					message: 'Test Connection failed. Run the operation Test Connection to see why.',
				},
			},
		],
	};
}
