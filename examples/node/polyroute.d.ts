/** A route by which a model can be run, or why it can't. */
export interface Route {
  via: string;
  usable: boolean;
  modelId: string | null;
  mapping: "verbatim" | "listed" | "unlisted" | "not_offered" | "unknown" | null;
  baseUrl: string | null;
  protocol: string;
  auth: { header: string; prefix: string };
  headers: Record<string, string>;
  /** Where the secret was found; never its value. */
  credential: string | null;
  /** When the login ends, in ISO 8601 (UTC); null where nobody knows. */
  expiresAt: string | null;
  reason: string;
  remedy: string | null;
}

export type TakenRoute = Omit<Route, "usable" | "expiresAt" | "reason" | "remedy">;

export interface Resolution {
  model: string;
  route: TakenRoute | null;
  routes: Route[];
  problems: { message: string; remedy?: string; code?: string; plugin?: string; provider?: string }[];
}

export type FileType = "pdf" | "image" | "audio" | "video" | "document";

export interface Model {
  provider: string;
  name: string;
  displayName?: string;
  maxInputTokens: number;
  supportedFileTypes: FileType[];
  default?: boolean;
  pricing?: { inputPerM: number; outputPerM: number };
  usable: boolean;
  via: string | null;
  why?: string;
}

export interface Provider {
  name: string;
  kind: "vendor" | "host" | "own-cloud" | "own-server" | "gateway";
  /** Effective: some route is usable. */
  hasApiKey: boolean;
  hasDirectKey: boolean;
  hasEffectiveCredentials: boolean;
  canRouteViaDexto: boolean;
  credentialSources: Record<string, boolean>;
  routes: Pick<Route, "via" | "usable" | "credential" | "reason" | "remedy">[];
  primaryEnvVar: string;
  supportsBaseURL: boolean;
  supportedFileTypes: FileType[];
}

export interface CustomModel {
  name: string;
  provider?: string;
  baseURL?: string;
  displayName?: string;
  maxInputTokens?: number;
  maxOutputTokens?: number;
  /** In an answer a mask; sent back it means: keep. */
  apiKey?: string;
  filePath?: string;
}

export type ListedCustomModel = CustomModel & { provider: string; usable: boolean; via: string | null; why?: string };

export interface Choice {
  provider: string;
  model: string;
  baseURL?: string;
  apiKey?: string;
  sessionId?: string;
}

export interface Config {
  provider: string;
  model: string;
  hasApiKey: boolean;
  baseURL?: string;
  displayName?: string;
  maxInputTokens?: number;
  maxOutputTokens?: number;
}

export interface ErrorDocument {
  code: string;
  message: string;
  scope: string;
  type: string;
  context?: Record<string, unknown>;
  recovery?: string;
  issues?: { code: string; message: string; path: (string | number)[] }[];
  traceId: string;
  endpoint: string;
  method: string;
}

export class PolyrouteError extends Error {
  readonly status: number;
  readonly code: string;
  readonly recovery?: string;
  readonly document: ErrorDocument;
}

export interface StartOptions {
  command?: string;
  args?: string[];
  env?: Record<string, string | undefined>;
}

export function start(options?: StartOptions): Promise<Polyroute>;

export class Polyroute {
  readonly url: string;
  constructor(url: string, options?: { token?: string; stop?: () => Promise<void> });
  runnable(options?: { provider?: string }): Promise<Model[]>;
  providers(): Promise<Record<string, Provider>>;
  resolve(model: string): Promise<Resolution>;
  customModels(): Promise<ListedCustomModel[]>;
  addCustomModel(model: CustomModel): Promise<CustomModel>;
  removeCustomModel(name: string, options?: { provider?: string }): Promise<string>;
  switchTo(choice: Choice): Promise<Config>;
  changes(): AsyncGenerator<void>;
  stop(): Promise<void>;
}
