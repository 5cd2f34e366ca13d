async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The server answered ${response.status}.`);
  return answer;
}

export const state = () => call("GET", "/sim/state");
export const messages = async (chatId) => (await call("GET", `/sim/chats/${chatId}/messages`)).messages;
export const calls = async () => (await call("GET", "/sim/calls")).calls;
export const say = (body) => call("POST", "/sim/say", body);
export const tap = (body) => call("POST", "/sim/tap", body);
export const reset = () => call("POST", "/sim/reset", {});

/** The bytes of a chosen file as base64, without the data-URL prefix. */
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
