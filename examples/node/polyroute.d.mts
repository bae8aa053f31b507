/** What the server answered in place of a document. */
export class PolyrouteError extends Error {
  readonly status: number;
  readonly code: string;
  readonly recovery?: string;
  readonly document: ErrorAnswer;
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
  runnable(options?: { provider?: string }): Promise<ListedModel[]>;
  providers(): Promise<Record<string, ListedProvider>>;
  resolve(model: string): Promise<Resolution>;
  customModels(): Promise<ShownCustomModel[]>;
  addCustomModel(model: CustomModelBody): Promise<CustomModel>;
  removeCustomModel(name: string, options?: { provider?: string }): Promise<string>;
  switchTo(choice: SwitchBody): Promise<Config>;
  changes(): AsyncGenerator<void>;
  stop(): Promise<void>;
}

// Made from the HTTP API's document by scripts/generate.py. Do not edit what follows.

/** What to know of a model before it is added. */
export interface Advice {
  /** Whether some route can run it now. */
  usable: boolean;
  /** The route that it would take: `direct`, a gateway, or null. */
  via: string | null;
  /** Why it can't be run. In the catalog it is left out where it is the reason of its provider's routes. */
  why?: string;
  provider: string;
  /** The ID as it would be stored. */
  name: string;
  /** Whether the user has added it already. */
  exists: boolean;
  notes: string[];
  /** IDs that are spelled alike, in the provider's list. */
  suggestions: string[];
}

/** Where the secret goes. */
export interface AuthHeader {
  /** The name of the header, such as `Authorization`. */
  header: string;
  /** What stands before the secret in it, such as `Bearer ` with its blank; often empty. */
  prefix: string;
}

/** What a model takes. */
export interface Capabilities {
  provider: string;
  model: string;
  supportedFileTypes: ("pdf" | "image" | "audio" | "video" | "document")[];
  reasoning: ReasoningSupport;
}

/** A model that was chosen, with its settings. */
export interface Config {
  baseURL?: string;
  displayName?: string;
  maxInputTokens?: number;
  maxOutputTokens?: number;
  maxIterations?: number;
  temperature?: number | null;
  allowedMediaTypes?: string[];
  reasoning?: ReasoningChoice | null;
  reasoningEffort?: string;
  provider: string;
  model: string;
  /** Effective: some route is usable. */
  hasApiKey: boolean;
}

/** How many there are now. */
export interface Counted {
  ok: true;
  count: number;
}

/** The current model. */
export interface Current {
  config: Config;
  routing: Routing;
  /** False as long as nobody chose: then it is a default. */
  chosen: boolean;
}

/** A user's own model, with all fields that its file has; the key is masked. */
export interface CustomModel {
  /** As it is written in the file: an ID, an alias, or a provider that is not installed. */
  provider: string;
  /** The model's ID. */
  name: string;
  /** Its own base URL. */
  baseURL?: string;
  /** Its name for people. */
  displayName?: string;
  /** How many tokens it reads at most. */
  maxInputTokens?: number;
  /** How many tokens it writes at most. */
  maxOutputTokens?: number;
  /** A mask, or the name of a variable or of an entry in the keyring; sent back it means: keep. */
  apiKey?: string;
  /** The file that it is. */
  filePath?: string;
}

/** A custom model. An empty string removes a field. */
export interface CustomModelBody {
  name: string;
  provider?: string;
  baseURL?: string;
  displayName?: string;
  maxInputTokens?: number;
  maxOutputTokens?: number;
  apiKey?: string;
  filePath?: string;
  reasoning?: Reasoning | null;
  reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh";
}

/** Changes to fields of a custom model. Null removes a field; fields that are left out stay. */
export interface CustomModelChanges {
  name?: string;
  baseURL?: string | null;
  displayName?: string | null;
  maxInputTokens?: number | null;
  maxOutputTokens?: number | null;
  apiKey?: string | null;
  filePath?: string | null;
}

/** What a user's own models of a provider need. */
export interface CustomModelRules {
  baseURL: "required" | "optional" | "no";
  /** What the name of the model's file ends with; empty where it is no file. */
  fileSuffix: string;
}

/** The user's own models. */
export interface CustomModels {
  models: ShownCustomModel[];
}

/** What was removed. */
export interface Deleted {
  ok: true;
  deleted: string;
}

/** It was done. */
export interface Done {
  ok: true;
}

/** Whatever goes wrong. */
export interface ErrorAnswer {
  code: string;
  message: string;
  scope: string;
  type: string;
  context?: Record<string, unknown>;
  recovery?: string;
  issues?: Issue[];
  errorCount?: number;
  warningCount?: number;
  severity: "error";
  traceId: string;
  endpoint: string;
  method: string;
  /** False; only where clients of the operation look for it. */
  ok?: boolean;
}

/** All favourites, which replace the previous ones. */
export interface FavoritesBody {
  favorites: PickedBody[];
}

/** The catalog as one list. */
export interface Flat {
  auth: GatewayAuth;
  gateways: Record<string, Gateway>;
  models: ListedModel[];
}

/** A gateway to other providers' models, selectable or not. */
export interface Gateway {
  /** The gateway's name for people. */
  name: string;
  /** Whether a credential for it is there. */
  usable: boolean;
  /** The variable to set first; empty where none is needed. */
  primaryEnvVar: string;
  /** How many providers' models it may carry. */
  carries: number;
  /** Whether its routes are tried first. */
  preferred: boolean;
  /** Whether its routes are tried first where the user prefers nothing else. */
  preferredByDefault: boolean;
}

/** Whether Dexto's gateway can be used, and whether it is preferred. */
export interface GatewayAuth {
  /** Whether the gateway can be used, that is, a key or a login was found. */
  hasDextoKey: boolean;
  /** Whether the gateway is preferred, by default or by the user's choice. */
  preferDextoCredits: boolean;
}

/** What the gateway's list says of a model. */
export interface GatewayModel {
  contextLength?: number;
}

/** Whether the gateway can be used. */
export interface GatewayStatus {
  enabled: boolean;
  authenticated: boolean;
  canUse: boolean;
}

/** The catalog by provider. */
export interface Grouped {
  auth: GatewayAuth;
  gateways: Record<string, Gateway>;
  providers: Record<string, ListedProvider>;
}

/** It answers. */
export interface Health {
  ok: true;
}

/** One thing that is wrong in what was sent. */
export interface Issue {
  code: string;
  message: string;
  scope: string;
  type: string;
  severity: "error";
  path: (string | number)[];
  context?: Record<string, unknown>;
}

/** A provider's own key. */
export interface KeyBody {
  provider: string;
  apiKey: string;
}

/** Where the key is kept. */
export interface KeySaved {
  ok: true;
  provider: string;
  envVar: string;
  /** Where the key is now, in words. */
  source: string | null;
  /** Whether the provider was pinned to its direct route, and so uses the key. */
  pinned: boolean;
  notes: string[];
}

/** The provider's own key, masked. */
export interface KeyStatus {
  provider: string;
  envVar: string;
  /** The provider's own key alone; see `hasEffectiveCredentials`. */
  hasKey: boolean;
  /** A mask. */
  keyValue?: string;
  /** Where the key was found. */
  source?: string;
  hasEffectiveCredentials: boolean;
}

/** A model on offer. */
export interface ListedModel {
  /** Whether some route can run it now. */
  usable: boolean;
  /** The route that it would take: `direct`, a gateway, or null. */
  via: string | null;
  /** Why it can't be run. In the catalog it is left out where it is the reason of its provider's routes. */
  why?: string;
  /** The model's ID at its provider. */
  name: string;
  /** Only in the flat form. */
  provider?: string;
  /** The model's name for people. */
  displayName?: string;
  /** How many tokens it reads at most; 128,000 where nobody knows. */
  maxInputTokens: number;
  /** What it reads besides text. */
  supportedFileTypes: ("pdf" | "image" | "audio" | "video" | "document")[];
  pricing?: Pricing;
  /** Whether it is the provider's default model. */
  default?: boolean;
}

/** A provider with its models. */
export interface ListedProvider {
  /** Whether Dexto's gateway may carry its models. It does not depend on a key. */
  canRouteViaDexto: boolean;
  /** The provider's name for people. */
  name: string;
  /** A vendor makes its models; a host runs other makers' models; an own cloud is billed to the user's own account there; an own server is run by the user; a gateway is declared to carry others' models. */
  kind: "vendor" | "host" | "own-cloud" | "own-server" | "gateway";
  /** May stand in a model reference. False for what is only a way to pay. */
  selectable: boolean;
  /** Other tools' names for it, understood wherever the ID is. */
  aliases: string[];
  /** The direct route is usable, with the provider's own credential or without need of one. */
  hasDirectKey: boolean;
  /** At least one route is usable: its models can be run. */
  hasEffectiveCredentials: boolean;
  /** For `direct` and for each gateway that is installed, whether a usable route leads there. */
  credentialSources: Record<string, boolean>;
  /** In the order in which they are tried; the direct one is always among them. */
  routes: ProviderRoute[];
  /** Effective: some route is usable. */
  hasApiKey: boolean;
  /** The variable to set first; empty where none is needed. */
  primaryEnvVar: string;
  /** Whether a user's own models of it may have a base URL. */
  supportsBaseURL: boolean;
  /** What some of its models read besides text. */
  supportedFileTypes: ("pdf" | "image" | "audio" | "video" | "document")[];
  /** Null where a user can add no models of their own. */
  customModels: CustomModelRules | null;
  /** The address of its documentation. */
  documentation: string | null;
  models: ListedModel[];
}

/** What was refreshed. */
export interface ListsRefreshed {
  ok: true;
  message: string;
}

/** Models on this machine. */
export interface LocalModels {
  models: Record<string, unknown>[];
}

/** A model in the picker. */
export interface Picked {
  /** Whether some route can run it now. */
  usable: boolean;
  /** The route that it would take: `direct`, a gateway, or null. */
  via: string | null;
  /** Why it can't be run. In the catalog it is left out where it is the reason of its provider's routes. */
  why?: string;
  provider: string;
  model: string;
  baseURL?: string;
  displayName?: string;
  supportedFileTypes: ("pdf" | "image" | "audio" | "video" | "document")[];
  source: "catalog" | "custom" | "local-installed";
}

/** A model in the picker. */
export interface PickedBody {
  provider: string;
  model: string;
  baseURL?: string;
}

/** What the picker offers first. */
export interface PickerState {
  featured: Picked[];
  recents: Picked[];
  favorites: Picked[];
  custom: Picked[];
}

/** A plugin with what it provides. */
export interface Plugin {
  /** The plugin's name. */
  name: string;
  /** The distribution that brought it; or null. */
  distribution: string | null;
  /** The version; null where it has none. */
  version: string | null;
  /** Who brought it: the host, an installed distribution, the plugin folder, or a project. */
  origin: "host" | "bundled" | "installed" | "folder" | "project";
  /** What it is written in. */
  kind: "python" | "manifest" | "executable";
  /** Where its manifest is; null for a plugin in Python. */
  folder: string | null;
  /** Whether it is in use. */
  enabled: boolean;
  /** Why it is not in use; or null. */
  reason: string | null;
  /** The hooks that it implements. */
  hooks: string[];
  /** The IDs of its providers. */
  providers: string[];
  /** What is dangerous about it, in words that follow its name. */
  warnings: string[];
}

/** All plugins, what they provide, and what is wrong. */
export interface Plugins {
  /** The version of this form. It changes only when a reader would break. */
  schema: 1;
  /** What is wrong in plugins, files and preferences; everything else holds. */
  problems: Problem[];
  /** The plugins in the order in which they are asked. */
  plugins: Plugin[];
}

/** What the user prefers. */
export interface Preferences {
  /** As said by the user, or null. */
  prefer: string | null;
  /** The route that comes first where nothing is said of a provider. */
  first: string;
  order: string[];
  pins: Record<string, string>;
  disabled: string[];
  /** All that may be preferred. */
  routes: string[];
  auth: GatewayAuth;
}

/** Changes to preferences. Fields that are left out stay; null or an empty list removes a value. */
export interface PreferencesBody {
  prefer?: string | null;
  pins?: Record<string, string | null>;
  order?: string[];
  disabled?: string[];
  preferDextoCredits?: boolean;
}

/** US dollars per million tokens. */
export interface Pricing {
  inputPerM: number;
  outputPerM: number;
}

/** Something that went wrong in one plugin, file or entry. Fields that say nothing are left out. */
export interface Problem {
  /** What went wrong, in words. */
  message: string;
  /** What the user can do about it. */
  remedy?: string;
  /** The plugin that it went wrong in, by name. */
  plugin?: string;
  /** The distribution that brought the plugin. */
  distribution?: string;
  /** The version of the distribution. */
  version?: string;
  /** The hook that was called. */
  hook?: string;
  /** The file that it is about. */
  path?: string;
  /** What kind of problem it is, for programs: one of the words in docs/json.md; new ones may come. */
  code?: string;
  /** The ID of the provider that it is about. */
  provider?: string;
}

/** One way to run a provider's models. */
export interface ProviderRoute {
  /** `direct`, to the provider itself, or the gateway's provider ID. */
  via: string;
  /** Whether it works with what is there, as far as can be seen without the network. */
  usable: boolean;
  /** Where the secret was found, such as `env ACME_API_KEY`, or `none needed`; never its value. Null where there is none. */
  credential: string | null;
  /** When the login ends, in ISO 8601 (UTC); null where nobody knows, and where there is no credential. */
  expiresAt: string | null;
  /** Why it is usable, or why not, in words. */
  reason: string;
  /** What the user can do about it, in words; null where nothing needs to be done. */
  remedy: string | null;
}

/** Whether a provider's models can be run, and by which routes. */
export interface ProviderStatus {
  /** Whether Dexto's gateway may carry its models. It does not depend on a key. */
  canRouteViaDexto: boolean;
  /** The provider's name for people. */
  name: string;
  /** A vendor makes its models; a host runs other makers' models; an own cloud is billed to the user's own account there; an own server is run by the user; a gateway is declared to carry others' models. */
  kind: "vendor" | "host" | "own-cloud" | "own-server" | "gateway";
  /** May stand in a model reference. False for what is only a way to pay. */
  selectable: boolean;
  /** Other tools' names for it, understood wherever the ID is. */
  aliases: string[];
  /** The direct route is usable, with the provider's own credential or without need of one. */
  hasDirectKey: boolean;
  /** At least one route is usable: its models can be run. */
  hasEffectiveCredentials: boolean;
  /** For `direct` and for each gateway that is installed, whether a usable route leads there. */
  credentialSources: Record<string, boolean>;
  /** In the order in which they are tried; the direct one is always among them. */
  routes: ProviderRoute[];
}

/** How a model should reason. */
export interface Reasoning {
  variant: string;
  budgetTokens?: number;
}

/** How the chosen model is to reason. */
export interface ReasoningChoice {
  variant: string;
  budgetTokens?: number;
}

/** How a model can reason. */
export interface ReasoningSupport {
  capable: boolean;
  paradigm: "effort" | "adaptive-effort" | "thinking-level" | "budget" | "none";
  variants: Record<string, string>[];
  supportedVariants: string[];
  supportsBudgetTokens: boolean;
}

/** The route to take for one model, and all its routes in order. */
export interface Resolution {
  /** The version of this form. It changes only when a reader would break. */
  schema: 1;
  /** What is wrong in plugins, files and preferences; everything else holds. */
  problems: Problem[];
  /** The reference `provider/model`, with the provider's ID in place of an alias and the model ID to the letter; split at the first slash. */
  model: string;
  /** The route to take: the first usable one. Null where the model can't be run; then the exit status is 1. */
  route: TakenRoute | null;
  /** All routes in the order in which they are tried, usable or not. */
  routes: Route[];
}

/** One way to run a model. */
export interface Route {
  /** `direct`, to the provider itself, or the gateway's provider ID. */
  via: string;
  /** Whether it works with what is there, as far as can be seen without the network. */
  usable: boolean;
  /** Where the secret was found, such as `env ACME_API_KEY`, or `none needed`; never its value. Null where there is none. */
  credential: string | null;
  /** When the login ends, in ISO 8601 (UTC); null where nobody knows, and where there is no credential. */
  expiresAt: string | null;
  /** Why it is usable, or why not, in words. */
  reason: string;
  /** What the user can do about it, in words; null where nothing needs to be done. */
  remedy: string | null;
  /** The wire protocol: one of the names in docs/architecture.md, such as `openai-chat`; a plugin may bring others. */
  protocol: string;
  /** Where the secret goes. */
  auth: AuthHeader;
  /** What every request needs besides; never secret. */
  headers: Record<string, string>;
  /** The same as `credential`, for programs; null where no secret is needed or found. */
  source: Source | null;
  /** The model ID as the endpoint of this route spells it; null where it is not known. */
  modelId: string | null;
  /** How the model ID is known. `verbatim`: kept to the letter, as the endpoint takes any ID or no list of its models is known. `listed`: in the endpoint's list. `unlisted`: in no list; sent to the provider as entered. `not_offered`: the gateway is known not to offer it. `unknown`: the gateway's list has no such model. With the last two there is no model ID. Null where no model was asked about. */
  mapping: "verbatim" | "listed" | "unlisted" | "not_offered" | "unknown" | null;
  /** The only place where the credential may be sent; null where it depends on a setting that is missing. */
  baseUrl: string | null;
}

/** The route that the current model would take. */
export interface Routing {
  /** Whether the route leads to Dexto's gateway. */
  viaDexto: boolean;
  via: string | null;
}

/** What was saved. */
export interface SavedCustomModel {
  ok: true;
  model: CustomModel;
  created: boolean;
  note?: string;
}

/** A user's own model with the route that it would take. */
export interface ShownCustomModel {
  /** As it is written in the file: an ID, an alias, or a provider that is not installed. */
  provider: string;
  /** The model's ID. */
  name: string;
  /** Its own base URL. */
  baseURL?: string;
  /** Its name for people. */
  displayName?: string;
  /** How many tokens it reads at most. */
  maxInputTokens?: number;
  /** How many tokens it writes at most. */
  maxOutputTokens?: number;
  /** A mask, or the name of a variable or of an entry in the keyring; sent back it means: keep. */
  apiKey?: string;
  /** The file that it is. */
  filePath?: string;
  /** Whether some route can run it now. */
  usable: boolean;
  /** The route that it would take: `direct`, a gateway, or null. */
  via: string | null;
  /** Why it can't be run. In the catalog it is left out where it is the reason of its provider's routes. */
  why?: string;
}

/** Where a secret was found, in parts; empty where a part says nothing. */
export interface Source {
  /** `host`, `env`, `project .env`, `keyring`, `global .env`, `file`, `command` or `plugin`. */
  layer: string;
  /** The variable, the entry in the keyring, or the command. */
  name: string;
  /** The file that holds the value. */
  path: string;
  /** The section of an INI file. */
  section: string;
  /** The key in the section, or the place in the JSON. */
  field: string;
}

/** Every provider with its routes: which can be used with what is there; for the others why not and what to do. */
export interface Status {
  /** The version of this form. It changes only when a reader would break. */
  schema: 1;
  /** What is wrong in plugins, files and preferences; everything else holds. */
  problems: Problem[];
  /** The gateway behind a login, in the words that its clients know. */
  auth: GatewayAuth;
  /** Every provider that is known, by ID. */
  providers: Record<string, ProviderStatus>;
  /** With `--verified`, by provider, what its endpoint says of the key. */
  verifications?: Record<string, Verification>;
}

/** A model to make current. Without a provider, fields that are left out keep their current values. */
export interface SwitchBody {
  provider?: string;
  model?: string;
  baseURL?: string;
  apiKey?: string;
  sessionId?: string;
  maxIterations?: number;
  maxInputTokens?: number;
  maxOutputTokens?: number;
  temperature?: number | null;
  allowedMediaTypes?: string[];
  reasoning?: Reasoning | null;
  reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh";
}

/** What is current now. */
export interface Switched {
  config: Config;
  sessionId?: string;
}

/** The route to take. */
export interface TakenRoute {
  /** `direct`, to the provider itself, or the gateway's provider ID. */
  via: string;
  /** The wire protocol: one of the names in docs/architecture.md, such as `openai-chat`; a plugin may bring others. */
  protocol: string;
  /** Where the secret goes. */
  auth: AuthHeader;
  /** What every request needs besides; never secret. */
  headers: Record<string, string>;
  /** The same as `credential`, for programs; null where no secret is needed or found. */
  source: Source | null;
  /** The model ID as the endpoint of this route spells it. */
  modelId: string;
  /** How the model ID is known. */
  mapping: "verbatim" | "listed" | "unlisted";
  /** The only place where the credential may be sent. */
  baseUrl: string;
  /** Where the secret was found, or `none needed`; never its value. */
  credential: string;
}

/** Whether it is a favourite now. */
export interface Toggled {
  ok: true;
  isFavorite: boolean;
}

/** Whether a gateway has a model. */
export interface Validation {
  valid: boolean;
  modelId: string;
  status: "valid" | "invalid" | "unknown";
  error?: string;
  info?: GatewayModel;
  /** Where it is not in the list: IDs that are spelled alike. */
  suggestions?: string[];
}

/** Whether a key works right now, as its endpoint said. */
export interface Verification {
  /** `unsupported`: there is no key, or no request is known by which the endpoint would tell. */
  state: "valid" | "invalid" | "no_credit" | "rate_limited" | "unreachable" | "unsupported";
  /** Why, in the endpoint's own words where it had any. */
  message: string | null;
  /** The credit that is left, with its currency, where the endpoint tells. */
  remaining: string | null;
}

/** Whether keys work right now, as their endpoints said. */
export interface Verifications {
  /** The version of this form. It changes only when a reader would break. */
  schema: 1;
  /** What is wrong in plugins, files and preferences; everything else holds. */
  problems: Problem[];
  /** By provider, what its endpoint says of the key. */
  verifications: Record<string, Verification>;
}

/** The providers whose keys to verify. An empty list means all providers with a key. */
export interface VerifyBody {
  providers?: string[];
  paid?: boolean;
}
