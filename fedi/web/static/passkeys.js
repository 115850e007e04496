// Asks a passkey to sign, and puts its answer into the form that holds the button.

const forms = document.querySelectorAll("form[data-passkey]");
const isAble = "PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential;

async function answer(form) {
  const response = await fetch(form.dataset.passkey, { method: "POST", body: new FormData(form) });
  if (!response.ok || response.redirected) throw new Error(response.statusText);
  const asked = await response.json();
  const credential = form.dataset.makes
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
  form.elements.challenge.value = response.headers.get("Challenge");
  form.elements.credential.value = JSON.stringify(credential.toJSON());
}

function watch(form) {
  const sorry = form.querySelector("[role=alert]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    sorry.hidden = true;
    try {
      await answer(form);
      form.submit();
    } catch {
      sorry.hidden = false;
    }
  });
}

if (isAble) {
  forms.forEach(watch);
  document.querySelectorAll("[data-without-passkeys]").forEach((words) => { words.hidden = true; });
}
