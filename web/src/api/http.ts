// How the page talks to its server: same origin, JSON, an optional key, and one kind of error.
import { apiKey, isKeyWanted } from '../state/settings.ts';

// What went wrong, in the server's words. Status 0: no answer came at all.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly param: string | null = null,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }
}

export const isAway = (error: ApiError) => error.status === 0;

interface ErrorBody {
  status?: unknown; // of /health, which says why it is not healthy
  error?: { message?: unknown; code?: unknown; param?: unknown };
}

export function errorFrom(body: unknown, status: number, retryAfter: string | null = null): ApiError {
  const { error, status: reason } = (body ?? {}) as ErrorBody;
  const seconds = retryAfter === null ? NaN : Number(retryAfter);
  return new ApiError(
    status,
    [error?.code, reason, `http_${status}`].find((code) => typeof code === 'string') as string,
    typeof error?.message === 'string' ? error.message : `HTTP ${status}`,
    typeof error?.param === 'string' ? error.param : null,
    Number.isFinite(seconds) ? seconds : null,
  );
}

async function refusal(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  if (response.status === 401) isKeyWanted.value = true;
  return errorFrom(body, response.status, response.headers.get('Retry-After'));
}

// The answer if it is one of success; else an ApiError is thrown. An abort is thrown as it is.
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (init.body) headers.set('Content-Type', 'application/json');
  if (apiKey.value) headers.set('Authorization', `Bearer ${apiKey.value}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, cache: 'no-store', credentials: 'omit' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', String(error));
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

export async function getJson<T>(path: string): Promise<T> {
  return (await request(path)).json() as Promise<T>;
}

export async function postJson<T>(path: string, body: unknown): Promise<T> {
  return (await request(path, { method: 'POST', body: JSON.stringify(body) })).json() as Promise<T>;
}

// Whatever was thrown, as an ApiError.
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, 'unreachable', String(error));
}
