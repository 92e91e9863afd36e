// What to type and to open so that one may do what needs the scope admin.
import { h } from "../lib/dom.js";
import { command } from "./bits.js";

const CREATE = "smelt token create me --scopes admin";
const signIn = (text) => h("a", { href: "/ui/sign-in.html" }, text);

// `what`, as the begin of a sentence: "Promoting another model". `instead`: a command that does it without a token.
export const needsAdmin = (session, what, instead) => {
  const more = instead ? [" Or, without a token: ", command(instead)] : null;
  if (session?.open) return [`${what} is done by name, and this server has no tokens yet. On its machine, in its folder: `, command(CREATE), "then ", signIn("sign in"), " with the token that it prints. From then on everybody signs in.", more];
  if (session?.token == null) return [`${what} needs a token with the scope admin: `, signIn("sign in"), " with one. To make one: ", command(CREATE), more];
  return [`${what} needs the scope admin, which your token does not have. To make one that has it: `, command(CREATE), more];
};
