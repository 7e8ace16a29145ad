// An identity provider on loopback for tests: three users, groups, code + PKCE, device code, client credentials, sign-out.
// node provider.mjs PORT SERVER_URL

import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [port, server] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const ways = `${server}/api/trackside/v1/sign-in/company`;
const users = {
  ana: { name: 'Ana Lima', groups: ['team', 'strangers'] },
  bo: { name: 'Bo Chen', groups: [] },
  cy: { name: 'Cy Diaz', groups: ['team'] },
};

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: String(Date.now()) };

const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  clients: [
    {
      client_id: 'trackside',
      client_secret: 'a secret of the client',
      redirect_uris: [`${ways}/callback`],
      post_logout_redirect_uris: [`${server}/`],
      backchannel_logout_uri: `${ways}/sign-out`,
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
    },
    {
      client_id: 'robot',
      client_secret: 'a secret of the robot',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
  ],
  scopes: ['openid', 'profile', 'groups'],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], groups: ['groups'] },
  conformIdTokenClaims: false,
  // Its own would call no address of this machine, where the server is that hears of a sign-out.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  pkce: { required: () => true },
  cookies: { keys: [key.kid] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: `id-of-${id}`, preferred_username: id, ...users[id] }),
  }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  // Nobody is asked for consent: what a client of this company wants is granted.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid profile groups');
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({ scope: 'train', audience: resource, accessTokenFormat: 'jwt' }),
    },
  },
  ttl: { AccessToken: 600, AuthorizationCode: 60, ClientCredentials: 600, DeviceCode: 600, Grant: 600, IdToken: 600,
    Interaction: 600, Session: 3600 },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) {
    await next();
    return;
  }
  const user = new URL(ctx.href).searchParams.get('user');
  if (user in users) {
    const result = { login: { accountId: user } };
    await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
    ctx.respond = false;
    return;
  }
  ctx.type = 'html';
  ctx.body = Object.keys(users).map((name) => `<p><a href="?user=${name}">${name}</a></p>`).join('');
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
