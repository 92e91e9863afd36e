// The page to sign in: exchanges a token for a cookie that scripts cannot read (docs/api.md), and shows whose session it is.
const SESSION = "/api/v1/session";
const ANSWER_WITHIN_MS = 8000;
const $ = (id) => document.getElementById(id);

const ask = async (method, headers = {}) => {
  const answer = await fetch(SESSION, { method, cache: "no-store", headers: { "Smelt-Request": "page", ...headers }, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const body = answer.status === 204 ? {} : await answer.json();
  return { status: answer.status, body };
};

const alarm = (text) => {
  $("alarm").textContent = text;
  $("alarm").hidden = text === "";
};

const show = ({ open, token, scopes }) => {
  const signedIn = token != null;
  $("who").textContent = open ? "This server asks for no token." : signedIn ? `Signed in as ${token}, for ${scopes.replaceAll(",", ", ")}.` : "";
  $("sign-in").hidden = open || signedIn;
  $("signed-in").hidden = !open && !signedIn;
  $("sign-out").hidden = !signedIn;
};

const look = async () => {
  const { status, body } = await ask("GET");
  show(status === 200 ? body : { open: false, token: null });
};

const attempt = async (work) => {
  alarm("");
  try {
    await work();
  } catch {
    alarm("The server does not answer.");
  }
};

$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = $("token").value.trim();
  if (!/^[!-~]+$/.test(token)) { // a browser sends no other characters, as an ellipsis of a text that was cut
    alarm("This is not a token: tokens have only letters, digits and _. Copy all of what smelt token create printed.");
    return;
  }
  attempt(async () => {
    const { status, body } = await ask("POST", { Authorization: `Bearer ${token}` });
    if (status !== 200) {
      alarm(body.detail);
      return;
    }
    $("token").value = "";
    location.assign(`/${sessionStorage.getItem("smelt-back") ?? ""}`); // what follows is a # or nothing
  });
});

$("sign-out").addEventListener("click", () => attempt(async () => {
  await ask("DELETE");
  await look();
}));

attempt(look);
