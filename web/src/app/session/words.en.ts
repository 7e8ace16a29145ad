export default {
  title: "Sign in",
  with: (provider: string) => `Sign in with ${provider}`,
  or: "or with a password",
  name: "User name",
  password: "Password",
  show: "Show the password",
  hide: "Hide the password",
  capsLock: "Caps Lock is on",
  wrong: "The user name or the password is not right.",
  noCookie: "The browser did not keep the cookie of the session. Allow cookies of this site, then try again.",
};
