/** Sends a form without leaving the page and brings back what the server says about it. */

export interface Answer {
  ok: boolean;
  /** For the citizen, in their language. */
  message?: string;
  errors?: Record<string, string[]>;
  [field: string]: unknown;
}

export class Unreachable extends Error {}

export async function post(form: HTMLFormElement, submitter: HTMLElement | null = null, more: Record<string, string> = {}): Promise<Answer> {
  const body = new FormData(form, submitter);
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  let answer: Response;
  try {
    answer = await fetch(submitter?.getAttribute("formaction") ?? form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      signal: AbortSignal.timeout(15000),
    });
  } catch (reason) {
    throw new Unreachable(String(reason));
  }
  const type = answer.headers.get("Content-Type") ?? "";
  if (type.includes("application/json")) return (await answer.json()) as Answer;
  if (answer.redirected || answer.ok) return { ok: true };
  throw new Unreachable(`${answer.status}`);
}
