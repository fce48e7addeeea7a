// An OpenID Connect provider on loopback for the tests. It signs in the account that login_hint names, without asking.
// Arguments: the folder of the package oidc-provider, the port (0 for a free one), the redirect address, and the account of
// requests without login_hint.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const [, , folder, port, redirect, account] = process.argv;
const { Provider } = await import(pathToFileURL(`${folder}/lib/index.js`));

const groups = { alice: ['soc-analysts'], carol: ['soc-managers', 'platform'], dave: ['others'] };

const signingKey = () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
};

const server = createServer();
await new Promise((listening) => server.listen(Number(port), '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const client = { redirect_uris: [redirect], response_types: ['code'], grant_types: ['authorization_code'] };

const provider = new Provider(issuer, {
  clients: [
    { ...client, client_id: 'soar', client_secret: 'a secret: with / signs', token_endpoint_auth_method: 'client_secret_basic' },
    { ...client, client_id: 'public', token_endpoint_auth_method: 'none' },
  ],
  jwks: { keys: [signingKey()] },
  cookies: { keys: [randomUUID()] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, groups: groups[id] ?? [] }),
  }),
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
  let result = { login: { accountId: params.login_hint ?? account } };
  if (prompt.name === 'consent') {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    result = { consent: { grantId: await grant.save() } };
  }
  await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
  ctx.respond = false;
});

server.on('request', provider.callback());
console.log(issuer);
// The tests end the provider by closing its standard input.
process.stdin.on('end', () => process.exit(0)).resume();
