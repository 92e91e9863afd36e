// Who is signed in, and what that token may do (/api/v1/session). A server without tokens lets everybody do everything that needs no name.
export const SESSION = "/api/v1/session";

const has = (session, scope) => session.scopes.split(",").some((one) => one === scope || one === "admin");
export const may = (session, scope) => session != null && (session.open || has(session, scope));
// What is only done for somebody whose name is known.
export const mayByName = (session, scope) => session != null && session.token != null && has(session, scope);
