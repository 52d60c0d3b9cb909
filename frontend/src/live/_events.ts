/** What the stream and the timed files say. Times are ISO 8601 UTC with milliseconds. */

export interface Opinion {
  id: string;
  name: string;
  text: string;
  at: string;
  moment: string;
  question: boolean;
  votes: number;
  state: string;
  on_air_at?: string | null;
  answered_at?: string | null;
  held?: boolean;
  pending?: boolean;
}

export interface LiveEvent {
  seq: number;
  kind: string;
  id?: string;
  [field: string]: unknown;
}

export interface TimedFile {
  start: string;
  duration: number;
  opinions: Opinion[];
  hidden?: string[];
}

export interface TimedIndex {
  interval: number;
  files: Record<string, number>;
  hidden: string[];
}

/** An opinion out of anything that claims to be one, or null. The network is not trusted to be well formed. */
export function toOpinion(value: unknown): Opinion | null {
  if (typeof value !== "object" || value === null) return null;
  const row = value as Record<string, unknown>;
  if (typeof row.id !== "string" || typeof row.text !== "string" || typeof row.at !== "string") return null;
  return {
    id: row.id,
    name: typeof row.name === "string" ? row.name : "",
    text: row.text,
    at: row.at,
    moment: typeof row.moment === "string" && row.moment ? row.moment : row.at,
    question: row.question === true,
    votes: typeof row.votes === "number" ? row.votes : 0,
    state: questionState(row),
    on_air_at: typeof row.on_air_at === "string" ? row.on_air_at : null,
    answered_at: typeof row.answered_at === "string" ? row.answered_at : null,
  };
}

const QUESTION_STATES = ["asked", "on_air", "answered", "passed"];

/** The state of a question, under either of its two names; "" for a plain opinion. */
function questionState(row: Record<string, unknown>): string {
  for (const value of [row.question_state, row.state]) {
    if (typeof value === "string" && QUESTION_STATES.includes(value)) return value;
  }
  return "";
}
