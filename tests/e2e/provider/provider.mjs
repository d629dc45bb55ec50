// A real identity provider for tests: node provider.mjs PORT CONSOLE_URL
// Whoever types a name below as login (any password) is that person.
import Provider from 'oidc-provider';

const [port, app] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const PEOPLE = {
  ada: { email: 'ada@example.com', email_verified: true },
  vera: { email: 'vera@example.com', email_verified: true, groups: ['team-a'] },
  stranger: { email: 'stranger@example.com', email_verified: true },
  mallory: { email: 'ada@example.com', email_verified: false },
};

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'console',
    client_secret: 'a-secret-of-the-test',
    redirect_uris: [`${app}/oauth2callback`],
    post_logout_redirect_uris: [`${app}/oauth2callback`],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
  scopes: ['openid', 'email', 'groups'],
  conformIdTokenClaims: false,
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
  // Nobody is asked whether the console may know their address.
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid email groups');
    await grant.save();
    return grant;
  },
  cookies: { keys: ['a-key-of-the-test'] },
});

provider.listen(Number(port), '127.0.0.1', () => console.log(`listening at ${issuer}`));
