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

// Generated from the OpenAPI document of the HTTP API by scripts/generate.py. Do not edit the code below.

/** Facts about a model before it is added. */
export interface Advice {
  /** Whether at least one route can run it now. */
  usable: boolean;
  /** The route that it would take: `direct`, a gateway, or null. */
  via: string | null;
  /** Why it can't be run. In the catalog it is omitted if it is the reason of its provider's routes. */
  why?: string;
  provider: string;
  /** The ID as it would be stored. */
  name: string;
  /** Whether such a custom model exists. */
  exists: boolean;
  notes: string[];
  /** Similarly spelled IDs in the provider's list. */
  suggestions: string[];
}

/** One of the user's own servers. */
export interface AskedServer {
  id: string;
  address: string;
  /** `unchecked` if it is at an address where it is not asked. */
  state: "running" | "not_running" | "unchecked";
  /** When it was first found in this state and with these models; null if it was not asked. */
  since: string | null;
  /** How many models it has, if it runs. */
  models: number;
}

/** Which of the user's own servers run now. */
export interface AskedServers {
  servers: AskedServer[];
}

/** The header that carries the secret. */
export interface AuthHeader {
  /** The name of the header, such as `Authorization`. */
  header: string;
  /** The text before the secret, such as `Bearer ` with a space; often empty. */
  prefix: string;
}

/** What a model can: the types of input that it accepts, its reasoning settings, and other abilities. */
export interface Capabilities {
  provider: string;
  model: string;
  supportedFileTypes: ("pdf" | "image" | "audio" | "video" | "document")[];
  reasoning: ReasoningSupport;
  can: ModelAbilities;
}

/** The chosen model with its settings. */
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
  /** Effective: whether at least one route is usable. */
  hasApiKey: boolean;
}

/** The number of favorites now. */
export interface Counted {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
  count: number;
}

/** The current model. */
export interface Current {
  config: Config;
  routing: Routing;
  /** False if no model was chosen, so that this is a default. */
  chosen: boolean;
}

/** A custom model with all its fields in the file; the key is masked. */
export interface CustomModel {
  /** The provider as written in the file: an ID, an alias, or a provider that is not installed. */
  provider: string;
  /** The model's ID. */
  name: string;
  /** Its own base URL. */
  baseURL?: string;
  /** Its display name. */
  displayName?: string;
  /** The maximum number of input tokens. */
  maxInputTokens?: number;
  /** The maximum number of output tokens. */
  maxOutputTokens?: number;
  /** A mask, or the name of a variable or a keyring entry. If it is sent back, the stored key is kept. */
  apiKey?: string;
  /** The path of the model's file. */
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

/** Changes to a custom model. Null removes a field; fields that are left out stay. */
export interface CustomModelChanges {
  name?: string;
  baseURL?: string | null;
  displayName?: string | null;
  maxInputTokens?: number | null;
  maxOutputTokens?: number | null;
  apiKey?: string | null;
  filePath?: string | null;
}

/** A provider's rules for custom models. */
export interface CustomModelRules {
  baseURL: "required" | "optional" | "no";
  /** The suffix of the model's file; empty if its models are not files. */
  fileSuffix: string;
}

/** The custom models. */
export interface CustomModels {
  models: ShownCustomModel[];
}

/** The model that was removed. */
export interface Deleted {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
  deleted: string;
}

/** Everything that is wrong, errors first. */
export interface Diagnosis {
  /** The version of the document. It changes only if readers would break. */
  schema: 1;
  /** Whether nothing is. */
  healthy: boolean;
  /** One entry for each thing that is wrong. */
  problems: Trouble[];
  /** With `--repair`, the damaged files that were repaired before. */
  repaired?: RepairedFile[];
}

/** The request succeeded. */
export interface Done {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
}

/** What a model costs, in USD per million tokens; what is not known is left out. */
export interface EndpointPrice {
  input?: number;
  output?: number;
  /** Input tokens that are read from the endpoint's cache. */
  cacheRead?: number;
  /** Input tokens that are written to the endpoint's cache. */
  cacheWrite?: number;
  /** `metered` by tokens, `free`, paid by a subscription (`plan`), on an own server (`local`), or `unknown`. */
  kind: "metered" | "free" | "plan" | "local" | "unknown";
}

/** An error response. */
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
  /** False; present only for operations whose clients check it. */
  ok?: boolean;
}

/** All favourites, which replace the previous ones. */
export interface FavoritesBody {
  favorites: PickedBody[];
}

/** The result of refreshing one list. */
export interface FetchedList {
  /** The name of the list. */
  name: string;
  /** The address from which it is fetched. */
  url: string;
  /** `updated`; `unchanged` according to the server; `fresh`, so that no request was made; `offline`; `failed`. */
  state: "updated" | "unchanged" | "fresh" | "offline" | "failed";
  /** When the stored list was fetched; or null. */
  fetched: string | null;
  /** The number of models in the stored list; or null. */
  models: number | null;
  /** Why it could not be fetched; or null. */
  error: string | null;
}

/** A file with a model. */
export interface FileBody {
  filePath: string;
}

/** What was done with a damaged file. */
export interface FileRepaired {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
  /** The path of the file. */
  file: string;
  /** What was done, in a sentence. */
  note: string;
  /** The path of the copy of the damaged file; null if the file itself has all of it, in comments. */
  original: string | null;
}

/** Whether a file can be used as a model. */
export interface FileValidation {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  valid: boolean;
  sizeBytes?: number;
  error?: string;
}

/** The catalog as one list. */
export interface Flat {
  auth: GatewayAuth;
  gateways: Record<string, Gateway>;
  models: ListedModel[];
}

/** The models that a query finds. */
export interface FoundModels {
  /** Their `id`, best first. */
  models: string[];
}

/** A gateway to other providers' models, selectable or not. */
export interface Gateway {
  /** The gateway's display name. */
  name: string;
  /** Whether there is a credential for it. */
  usable: boolean;
  /** The variable to set first; empty if none is needed. */
  primaryEnvVar: string;
  /** The number of providers whose models it may carry. */
  carries: number;
  /** Whether its routes are tried first. */
  preferred: boolean;
  /** Whether its routes are tried first if the user has no other preference. */
  preferredByDefault: boolean;
}

/** Whether Dexto's gateway can be used, and whether it is preferred. */
export interface GatewayAuth {
  /** Whether the gateway can be used, that is, a key or a login was found. */
  hasDextoKey: boolean;
  /** Whether the gateway is preferred, by default or by the user's choice. */
  preferDextoCredits: boolean;
}

/** The facts about a model in the gateway's list. */
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

/** The server is running. */
export interface Health {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
}

/** One error in a request. */
export interface Issue {
  code: string;
  message: string;
  scope: string;
  type: string;
  severity: "error";
  path: (string | number)[];
  context?: Record<string, unknown>;
}

/** A provider's own key, or all settings that it needs. */
export interface KeyBody {
  provider: string;
  apiKey?: string | null;
  values?: Record<string, string>;
}

/** The result of removing a provider's key. */
export interface KeyRemoved {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
  provider: string;
  envVar: string;
  /** Whether a key was stored, and is removed now. */
  removed: boolean;
  /** Where another key is still found, as text; or null. */
  left: string | null;
}

/** The place where a key was stored. */
export interface KeySaved {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
  provider: string;
  /** The variable of the key; without a key, that of the first setting. */
  envVar: string;
  /** Where the key is now, as text. */
  source: string | null;
  /** Whether the provider was pinned to its direct route, so that the key is used. */
  pinned: boolean;
}

/** The provider's own key, masked. */
export interface KeyStatus {
  provider: string;
  envVar: string;
  /** Whether the provider's own key is set; see also `hasEffectiveCredentials`. */
  hasKey: boolean;
  /** A mask. */
  keyValue?: string;
  /** Where the key was found. */
  source?: string;
  hasEffectiveCredentials: boolean;
}

/** A listed model. */
export interface ListedModel {
  /** Whether at least one route can run it now. */
  usable: boolean;
  /** The route that it would take: `direct`, a gateway, or null. */
  via: string | null;
  /** Why it can't be run. In the catalog it is omitted if it is the reason of its provider's routes. */
  why?: string;
  /** The model's ID at its provider. */
  name: string;
  /** Only in the flat form. */
  provider?: string;
  /** The model's display name. */
  displayName?: string;
  /** The maximum number of input tokens; 128,000 if it is unknown. */
  maxInputTokens: number;
  /** The types of input besides text. */
  supportedFileTypes: ("pdf" | "image" | "audio" | "video" | "document")[];
  pricing?: Pricing;
  /** Whether it is the provider's default model. */
  default?: boolean;
}

/** A provider with its models. */
export interface ListedProvider {
  /** Whether Dexto's gateway may carry its models. It does not depend on a key. */
  canRouteViaDexto: boolean;
  /** The provider's display name. */
  name: string;
  /** A vendor makes its models; a host runs other makers' models; an own cloud is billed to the user's own account there; an own server is run by the user; a gateway is declared to carry others' models. */
  kind: "vendor" | "host" | "own-cloud" | "own-server" | "gateway";
  /** Whether it can be used in model references. False for a provider that is only a way to pay. */
  selectable: boolean;
  /** Other tools' names for it, which can be used in place of the ID. */
  aliases: string[];
  /** Whether the direct route is usable, with the provider's own credential or because it needs none. */
  hasDirectKey: boolean;
  /** Whether at least one route is usable, so that its models can be run. */
  hasEffectiveCredentials: boolean;
  /** For `direct` and each installed gateway, whether the route via it is usable. */
  credentialSources: Record<string, boolean>;
  /** The routes in the order in which they are tried; the direct route is always among them. */
  routes: ProviderRoute[];
  /** Effective: whether at least one route is usable. */
  hasApiKey: boolean;
  /** The variable to set first; empty if none is needed. */
  primaryEnvVar: string;
  /** Whether its custom models may have a base URL. */
  supportsBaseURL: boolean;
  /** The types of input besides text that some of its models accept. */
  supportedFileTypes: ("pdf" | "image" | "audio" | "video" | "document")[];
  /** Its rules for custom models; null if it accepts none. */
  customModels: CustomModelRules | null;
  /** The address of its documentation. */
  documentation: string | null;
  models: ListedModel[];
}

/** The result of fetching all lists again. */
export interface ListsFetched {
  lists: FetchedList[];
  /** What came and went; null if no list was updated. */
  moves: Moves | null;
}

/** The result of refreshing the lists. */
export interface ListsRefreshed {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
  message: string;
}

/** A model file that is installed on this machine. */
export interface LocalModel {
  id: string;
  displayName: string;
  filePath: string;
  sizeBytes: number;
  source?: "huggingface" | "manual";
}

/** The model files that are installed on this machine. */
export interface LocalModels {
  models: LocalModel[];
}

/** A value that a way needs. */
export interface MissingSetting {
  /** Its name, which is that of the variable that can hold it, if there is one. */
  name: string;
  secret: boolean;
  /** What the user can do to provide it. */
  hint: string;
}

/** What a model can. Null means that it is not known, and never no. */
export interface ModelAbilities {
  /** Whether it can call tools. */
  tools: boolean | null;
  /** Whether it can reason before it answers. */
  reasoning: boolean | null;
  /** Whether its output can be held to a JSON Schema. */
  structuredOutput: boolean | null;
  /** Whether its temperature can be set. */
  temperature: boolean | null;
}

/** One model, with everything that is known about it. */
export interface ModelDetails {
  /** The maker's reference; of a model whose maker is unknown, the reference of its only entry. The maker is the part before the first slash: its provider's ID, or the name under which others list its models. */
  id: string;
  name: string;
  /** The maximum number of tokens of input and output together. */
  context?: number;
  /** The maximum number of tokens of one response. */
  output?: number;
  /** What it is known to be able to do. */
  can?: ("tools" | "reasoning" | "structuredOutput" | "temperature" | "image" | "pdf" | "audio" | "video")[];
  /** The abilities of which it is not known whether it has them; those in neither list are missing. */
  unknown?: ("tools" | "reasoning" | "structuredOutput" | "temperature" | "image" | "pdf" | "audio" | "video")[];
  /** The date of its release in ISO 8601, or only the month or year. */
  released?: string;
  /** True if it was released in the 45 days before the date of the lists. */
  isNew?: boolean;
  /** `deprecated`, `alpha` or `beta`. */
  status?: "" | "alpha" | "beta" | "deprecated";
  /** Whether its weights are published. */
  openWeights?: boolean;
  /** The number of providers that list it. */
  providers: number;
  /** Names and IDs by which others list it, if they have words that neither its name nor its ID has. */
  aliases?: string[];
  /** The reference of a variant that costs nothing, and has limits of its own. */
  free?: string;
  runs: Runs;
  /** The price of the way that would be taken, else the lowest that is listed. */
  price: EndpointPrice;
  /** Where it stands in the order: `favorite`, `recent`, `own`, `runs` now, or `setup` if something is missing. */
  band: "favorite" | "recent" | "own" | "runs" | "setup";
  /** True if the user added it. */
  custom?: boolean;
  /** The maximum number of tokens of input, if that is less than `context`. */
  inputLimit: number | null;
  /** The date up to which its training data reaches, in ISO 8601; may be empty. */
  knowledge: string;
  /** The maker's line of models that it belongs to; may be empty. */
  family: string;
  /** The types of input, such as `text` and `image`. */
  inputModalities: string[];
  /** The types of output. */
  outputModalities: string[];
  /** Every way to run it, one for each provider and variant (free, quantised) there. Usable ones come first, in the order in which they would be taken. */
  ways: Way[];
}

/** One model, whoever offers it. What is empty, not known, or false is left out, unless false says something. */
export interface ModelRow {
  /** The maker's reference; of a model whose maker is unknown, the reference of its only entry. The maker is the part before the first slash: its provider's ID, or the name under which others list its models. */
  id: string;
  name: string;
  /** The maximum number of tokens of input and output together. */
  context?: number;
  /** The maximum number of tokens of one response. */
  output?: number;
  /** What it is known to be able to do. */
  can?: ("tools" | "reasoning" | "structuredOutput" | "temperature" | "image" | "pdf" | "audio" | "video")[];
  /** The abilities of which it is not known whether it has them; those in neither list are missing. */
  unknown?: ("tools" | "reasoning" | "structuredOutput" | "temperature" | "image" | "pdf" | "audio" | "video")[];
  /** The date of its release in ISO 8601, or only the month or year. */
  released?: string;
  /** True if it was released in the 45 days before the date of the lists. */
  isNew?: boolean;
  /** `deprecated`, `alpha` or `beta`. */
  status?: "" | "alpha" | "beta" | "deprecated";
  /** Whether its weights are published. */
  openWeights?: boolean;
  /** The number of providers that list it. */
  providers: number;
  /** Names and IDs by which others list it, if they have words that neither its name nor its ID has. */
  aliases?: string[];
  /** The reference of a variant that costs nothing, and has limits of its own. */
  free?: string;
  runs: Runs;
  /** The price of the way that would be taken, else the lowest that is listed. */
  price: EndpointPrice;
  /** Where it stands in the order: `favorite`, `recent`, `own`, `runs` now, or `setup` if something is missing. */
  band: "favorite" | "recent" | "own" | "runs" | "setup";
  /** True if the user added it. */
  custom?: boolean;
}

/** The models that a query selects, in order. */
export interface ModelRows {
  models: ModelRow[];
  /** How many models the query selects; `limit` may have left out some of them. */
  total: number;
  /** The date of the newest list in ISO 8601; may be empty. */
  date: string;
  /** The display names of providers, by their IDs. */
  names: Record<string, string>;
}

/** What came and went with newly fetched lists. */
export interface Moves {
  /** How many models are listed that were not listed before. */
  modelsAdded: number;
  /** How many models are no longer listed. */
  modelsRemoved: number;
  /** The IDs of providers that have models only now. */
  providersAdded: string[];
  /** The IDs of providers that no longer have any. */
  providersRemoved: string[];
}

/** A model in the picker. */
export interface Picked {
  /** Whether at least one route can run it now. */
  usable: boolean;
  /** The route that it would take: `direct`, a gateway, or null. */
  via: string | null;
  /** Why it can't be run. In the catalog it is omitted if it is the reason of its provider's routes. */
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

/** The models that the picker lists first. */
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
  /** The distribution that contains it; or null. */
  distribution: string | null;
  /** The version; null if it has none. */
  version: string | null;
  /** Where it comes from: the host, an installed distribution, the plugin folder, or a project. */
  origin: "host" | "bundled" | "installed" | "folder" | "project";
  /** How it is implemented. */
  kind: "python" | "manifest" | "executable";
  /** The folder of its manifest; null for a Python plugin. */
  folder: string | null;
  /** Whether it is used. */
  enabled: boolean;
  /** Why it is not used; or null. */
  reason: string | null;
  /** The hooks that it implements. */
  hooks: string[];
  /** The IDs of its providers. */
  providers: string[];
  /** The risks of the plugin, as predicates: their subject is the plugin. */
  warnings: string[];
  /** Where `plugins add` took it from; null if it was not added in this way. */
  source: PluginSource | null;
}

/** Where a plugin was added from. */
export interface PluginSource {
  /** A folder, a file (an archive or a manifest), or an address from which a file was downloaded. */
  kind: "folder" | "file" | "url";
  /** The path, or the address without its query. */
  place: string;
  /** The SHA-256 digest of the file, in hexadecimal; null for a folder. */
  sha256: string | null;
}

/** A plugin, and whether it may be used. */
export interface PluginSwitchBody {
  plugin: string;
  enabled: boolean;
}

/** A plugin that was switched off or on. */
export interface PluginSwitched {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
  plugin: string;
  /** Whether it may be used now. */
  enabled: boolean;
}

/** All plugins, what they provide, and their problems. */
export interface Plugins {
  /** The version of the document. It changes only if readers would break. */
  schema: 1;
  /** The problems of plugins, files and preferences. The rest of the document is valid regardless. */
  problems: Problem[];
  /** The plugins in the order in which they are called. */
  plugins: Plugin[];
}

/** The user's preferences. */
export interface Preferences {
  /** The preferred route as set by the user, or null. */
  prefer: string | null;
  /** The route that is tried first for a provider without a pin. */
  first: string;
  order: string[];
  pins: Record<string, string>;
  disabled: string[];
  /** All routes that can be preferred. */
  routes: string[];
  /** The fields of this document that an organisation's policy locks: a change answers 409. */
  locked: string[];
  /** Whom or what to ask to have something changed that is locked; null without a policy. */
  contact: string | null;
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

/** A price in USD per million tokens. */
export interface Price {
  /** The price of input tokens. */
  input: number;
  /** The price of output tokens. */
  output: number;
}

/** Prices in USD per million tokens. */
export interface Pricing {
  inputPerM: number;
  outputPerM: number;
}

/** Something that went wrong in one plugin, file or entry. Empty fields are omitted. */
export interface Problem {
  /** What went wrong. */
  message: string;
  /** What the user can do about it. */
  remedy?: string;
  /** The name of the plugin in which it went wrong. */
  plugin?: string;
  /** The distribution that contains the plugin. */
  distribution?: string;
  /** The version of the distribution. */
  version?: string;
  /** The hook that was called. */
  hook?: string;
  /** The file that the problem is about. */
  path?: string;
  /** The kind of problem, for programs: one of the codes in docs/json.md; new ones may be added. */
  code?: string;
  /** The ID of the provider that the problem is about. */
  provider?: string;
}

/** One way to run a provider's models. */
export interface ProviderRoute {
  /** `direct`, to the provider itself, or the gateway's provider ID. */
  via: string;
  /** Whether it works with the available credentials, as far as can be determined without the network. */
  usable: boolean;
  /** Where the secret was found, such as `env ACME_API_KEY`, or `none needed`; never its value. Null if there is no credential. */
  credential: string | null;
  /** When the credential expires, in ISO 8601 (UTC); null if that is unknown or there is no credential. */
  expiresAt: string | null;
  /** Why it is usable, or why it is not. */
  reason: string;
  /** What the user can do about it; null if nothing needs to be done. */
  remedy: string | null;
}

/** Whether a provider's models can be run, and by which routes. */
export interface ProviderStatus {
  /** Whether Dexto's gateway may carry its models. It does not depend on a key. */
  canRouteViaDexto: boolean;
  /** The provider's display name. */
  name: string;
  /** A vendor makes its models; a host runs other makers' models; an own cloud is billed to the user's own account there; an own server is run by the user; a gateway is declared to carry others' models. */
  kind: "vendor" | "host" | "own-cloud" | "own-server" | "gateway";
  /** Whether it can be used in model references. False for a provider that is only a way to pay. */
  selectable: boolean;
  /** Other tools' names for it, which can be used in place of the ID. */
  aliases: string[];
  /** Whether the direct route is usable, with the provider's own credential or because it needs none. */
  hasDirectKey: boolean;
  /** Whether at least one route is usable, so that its models can be run. */
  hasEffectiveCredentials: boolean;
  /** For `direct` and each installed gateway, whether the route via it is usable. */
  credentialSources: Record<string, boolean>;
  /** The routes in the order in which they are tried; the direct route is always among them. */
  routes: ProviderRoute[];
}

/** All providers that a user can set up. */
export interface Providers {
  /** Those that are set up first, then by the number of their models. */
  providers: ShownProvider[];
  lists: ShownLists;
}

/** How a model should reason. Unknown fields are refused. */
export interface Reasoning {
  variant: string;
  budgetTokens?: number;
}

/** The reasoning settings of the current model. */
export interface ReasoningChoice {
  variant: string;
  budgetTokens?: number;
}

/** The reasoning settings that a model supports, as far as they are known. */
export interface ReasoningSupport {
  /** Whether it can reason, or may: false only if it is known that it can't. */
  capable: boolean;
  paradigm: "effort" | "adaptive-effort" | "thinking-level" | "budget" | "none";
  variants: Record<string, string>[];
  supportedVariants: string[];
  defaultVariant?: string;
  supportsBudgetTokens: boolean;
}

/** A file that a problem names. */
export interface RepairBody {
  file: string;
}

/** What was done with a damaged file. */
export interface RepairedFile {
  /** The path of the file. */
  file: string;
  /** What was done, in a sentence. */
  note: string;
  /** The path of the copy of the damaged file; null if the file itself has all of it, in comments. */
  original: string | null;
}

/** The route to take for one model, and all its routes in order. */
export interface Resolution {
  /** The version of the document. It changes only if readers would break. */
  schema: 1;
  /** The problems of plugins, files and preferences. The rest of the document is valid regardless. */
  problems: Problem[];
  /** The reference `provider/model`, with the provider's ID in place of an alias and the model ID exactly as entered; split at the first slash. */
  model: string;
  /** The route to take: the first usable one. Null if the model can't be run; then the exit status is 1. */
  route: TakenRoute | null;
  /** All routes in the order in which they are tried, usable or not. */
  routes: Route[];
  /** If no route is usable, the references by which the same model can be run now, the preferred one first. */
  elsewhere: string[];
}

/** One way to run a model. */
export interface Route {
  /** `direct`, to the provider itself, or the gateway's provider ID. */
  via: string;
  /** Whether it works with the available credentials, as far as can be determined without the network. */
  usable: boolean;
  /** Where the secret was found, such as `env ACME_API_KEY`, or `none needed`; never its value. Null if there is no credential. */
  credential: string | null;
  /** When the credential expires, in ISO 8601 (UTC); null if that is unknown or there is no credential. */
  expiresAt: string | null;
  /** Why it is usable, or why it is not. */
  reason: string;
  /** What the user can do about it; null if nothing needs to be done. */
  remedy: string | null;
  /** The wire protocol: one of the names in docs/architecture.md, such as `openai-chat`; plugins may add others. */
  protocol: string;
  /** The header that carries the secret. */
  auth: AuthHeader;
  /** Additional headers that every request needs; never secret. */
  headers: Record<string, string>;
  /** The same as `credential`, for programs; null if no secret is needed or found. */
  source: Source | null;
  /** The model ID as the endpoint of this route spells it; null if it is unknown. */
  modelId: string | null;
  /** How the model ID is known. `verbatim`: unchanged, because the endpoint accepts any ID or has no known list. `listed`: in the endpoint's list. `unlisted`: in no list; sent to the provider as entered. `not_offered`: the gateway is known not to offer it. `unknown`: the gateway's list has no such model. For the last two there is no model ID. Null if the route is not for one model. */
  mapping: "verbatim" | "listed" | "unlisted" | "not_offered" | "unknown" | null;
  /** The only place to which the credential may be sent; null if it depends on a missing setting. */
  baseUrl: string | null;
  /** The maximum number of tokens of input and output together by this route; null if it is unknown. */
  context: number | null;
  /** The price by this route; null if it is unknown. `resolve` does not look it up if the route goes through a gateway and is not usable; `explain` does. */
  price: Price | null;
}

/** The route that the current model would take. */
export interface Routing {
  /** Whether the route leads to Dexto's gateway. */
  viaDexto: boolean;
  via: string | null;
}

/** Whether a model can be run, and how. */
export interface Runs {
  /** Whether it can be run, as far as can be determined without the network. */
  usable: boolean;
  /** False if only the user's own server, which was not asked whether it runs, can run it; else left out. */
  checked?: boolean;
  /** The state of the user's own server that would be taken, or that would have to run; else left out. */
  server?: "running" | "not_running" | "unchecked";
  /** The route that would be taken: `direct` or a gateway; left out if there is none. */
  via?: string;
  /** The ID of the provider that the request would go to; left out if there is none. */
  provider?: string;
  /** The reference to select: the one that can be run, else the maker's. Left out if it is the `id` of the row. */
  model?: string;
  /** What is needed if it can't be run: `key` if a single key is enough, else `settings`. Left out if it can be, or if only a server would have to run, or if a policy does not allow it. */
  missing?: "key" | "settings";
  /** False if an organisation's policy does not allow it by any way; else left out. */
  allowed?: boolean;
}

/** The model that was saved. */
export interface SavedCustomModel {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
  model: CustomModel;
  created: boolean;
  note?: string;
}

/** A model of a local server. */
export interface ServedModel {
  name: string;
  /** In bytes. */
  size?: number;
  digest?: string;
  modifiedAt?: string;
}

/** Whether a local server runs, and its models. */
export interface ServedModels {
  available: boolean;
  version?: string;
  models: ServedModel[];
  error?: string;
}

/** A value that a provider needs. */
export interface Setting {
  /** The variable that can hold it. */
  name: string;
  secret: boolean;
  /** What its plugin says about it; may be empty. */
  hint: string;
  found: boolean;
}

/** The user's own names for models. */
export interface Shortcuts {
  /** The version of the document. It changes only if readers would break. */
  schema: 1;
  /** The problems of plugins, files and preferences. The rest of the document is valid regardless. */
  problems: Problem[];
  /** The model reference for each name. */
  shortcuts: Record<string, string>;
  /** The configuration file. */
  file: string;
}

/** All shortcuts: the model for each name. */
export interface ShortcutsBody {
  shortcuts: Record<string, string>;
}

/** A custom model with the route that it would take. */
export interface ShownCustomModel {
  /** The provider as written in the file: an ID, an alias, or a provider that is not installed. */
  provider: string;
  /** The model's ID. */
  name: string;
  /** Its own base URL. */
  baseURL?: string;
  /** Its display name. */
  displayName?: string;
  /** The maximum number of input tokens. */
  maxInputTokens?: number;
  /** The maximum number of output tokens. */
  maxOutputTokens?: number;
  /** A mask, or the name of a variable or a keyring entry. If it is sent back, the stored key is kept. */
  apiKey?: string;
  /** The path of the model's file. */
  filePath?: string;
  /** Whether at least one route can run it now. */
  usable: boolean;
  /** The route that it would take: `direct`, a gateway, or null. */
  via: string | null;
  /** Why it can't be run. In the catalog it is omitted if it is the reason of its provider's routes. */
  why?: string;
}

/** The lists of models. */
export interface ShownLists {
  /** The date of the newest one in ISO 8601; may be empty. */
  date: string;
  /** Its age in days; null if its date is not known. */
  days: number | null;
}

/** A provider, whether it is set up, and what it needs. */
export interface ShownProvider {
  id: string;
  name: string;
  kind: "vendor" | "host" | "own-cloud" | "own-server" | "gateway";
  /** Whether its own credential was found, or it needs none. */
  usable: boolean;
  /** Whether its models can be run, by its own credential or through a gateway. */
  effective: boolean;
  /** Why it can be used directly, or why not. */
  reason: string;
  /** What the user can do about it; null if nothing needs to be done. */
  remedy: string | null;
  /** Where the secret was found, or `none needed`; never its value. Null if there is no credential. */
  credential: string | null;
  /** The same, for programs. */
  source: Source | null;
  /** Whether the key is kept where Polyroute stores keys, so that it can be replaced and removed. */
  removable: boolean;
  /** The settings that it needs; empty for one whose login a plugin finds. */
  needs: Setting[];
  /** How many models it lists. One that it lists in several places or forms counts once. */
  models: number;
  /** The base URL of an own server; null for any other provider. */
  address: string | null;
  /** What is known of an own server, without asking it now; null for any other provider. */
  local: AskedServer | null;
  /** What its endpoint said about the key that is set now, if it was asked; else null. */
  verified: Verified | null;
  /** The page of its documentation; or null. */
  documentation: string | null;
  /** The page where its users make keys; or null. */
  keysPage: string | null;
}

/** How to call a model. */
export interface Snippet {
  format: string;
  /** A program, a command or a configuration. Keys are referenced by variables or commands, and never written. Null if the route can't be expressed in this format. */
  text: string | null;
  /** Why not; null if it can. */
  reason: string | null;
  /** All formats, and what each is called. */
  formats: Record<string, string>;
}

/** Where a secret was found. Parts that don't apply are empty. */
export interface Source {
  /** `host`, `env`, `project .env`, `keyring`, `global .env`, `organisation`, `file`, `command` or `plugin`. */
  layer: string;
  /** The variable, the keyring entry, or the command. */
  name: string;
  /** The file that contains the value. */
  path: string;
  /** The section of an INI file. */
  section: string;
  /** The key in the section, or the path in the JSON. */
  field: string;
}

/** Every provider with its routes; for routes that are not usable, the reason and the remedy. */
export interface Status {
  /** The version of the document. It changes only if readers would break. */
  schema: 1;
  /** The problems of plugins, files and preferences. The rest of the document is valid regardless. */
  problems: Problem[];
  /** The gateway of a login, in the format that its clients know. */
  auth: GatewayAuth;
  /** Every known provider, by ID. */
  providers: Record<string, ProviderStatus>;
  /** With `--verified`, the state of each provider's key according to its endpoint. */
  verifications?: Record<string, Verification>;
}

/** A model to make current, by its provider, its ID or both. */
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

/** The model that is current now. */
export interface Switched {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  config: Config;
  sessionId?: string;
}

/** The route to take. */
export interface TakenRoute {
  /** `direct`, to the provider itself, or the gateway's provider ID. */
  via: string;
  /** The wire protocol: one of the names in docs/architecture.md, such as `openai-chat`; plugins may add others. */
  protocol: string;
  /** The header that carries the secret. */
  auth: AuthHeader;
  /** Additional headers that every request needs; never secret. */
  headers: Record<string, string>;
  /** The same as `credential`, for programs; null if no secret is needed or found. */
  source: Source | null;
  /** The model ID as the endpoint of this route spells it. */
  modelId: string;
  /** How the model ID is known. */
  mapping: "verbatim" | "listed" | "unlisted";
  /** The only place to which the credential may be sent. */
  baseUrl: string;
  /** Where the secret was found, or `none needed`; never its value. */
  credential: string;
  /** The maximum number of tokens of input and output together by this route; null if it is unknown. */
  context: number | null;
  /** The price by this route; null if it is unknown. */
  price: Price | null;
}

/** Whether the model is a favorite now. */
export interface Toggled {
  /** Messages for the user, such as fields of the request that were ignored. */
  notes?: string[];
  ok: true;
  isFavorite: boolean;
}

/** One thing that is wrong. */
export interface Trouble {
  /** It stays the same as long as the trouble does. */
  id: string;
  /** Its kind, for programs: one of the codes in docs/json.md; new ones may be added. */
  code: string;
  /** `error` if something does not work, `warning` if something may not, `advice` if all works. */
  severity: "error" | "warning" | "advice";
  /** What is wrong, in a few words. */
  title: string;
  /** What is concerned: a plugin, a provider, a list, a file or a variable. */
  subject: string;
  /** What is wrong. */
  message: string;
  /** The file that it is about. */
  file: string | null;
  /** The line in that file, if it is known. */
  line: number | null;
  /** The IDs of the providers concerned; empty if all or none are. */
  affects: string[];
  /** What the user can do about it. */
  remedy: string;
  /** What helps. */
  actions: TroubleAction[];
}

/** Something that helps. */
export interface TroubleAction {
  /** `refresh` the lists, `setup` a provider, `repair` the file, `disable` a plugin, or run a `command`. */
  kind: "refresh" | "setup" | "repair" | "disable" | "command";
  /** The command line that does it. */
  command?: string;
  /** The provider to set up. */
  provider?: string;
  /** The plugin to disable. */
  plugin?: string;
}

/** Whether a gateway has a model. */
export interface Validation {
  valid: boolean;
  modelId: string;
  status: "valid" | "invalid" | "unknown";
  error?: string;
  info?: GatewayModel;
  /** Similarly spelled IDs, if the model is not in the list. */
  suggestions?: string[];
}

/** Whether a key works now, according to its endpoint. */
export interface Verification {
  /** `unsupported` means that there is no key, or that its plugin declares no request that verifies a key. */
  state: "valid" | "invalid" | "no_credit" | "rate_limited" | "unreachable" | "unsupported";
  /** The reason, in the endpoint's own words if it returned any. */
  message: string | null;
  /** The remaining credit with its currency, if the endpoint returns it. */
  remaining: string | null;
}

/** Whether keys work now, according to their endpoints. */
export interface Verifications {
  /** The version of the document. It changes only if readers would break. */
  schema: 1;
  /** The problems of plugins, files and preferences. The rest of the document is valid regardless. */
  problems: Problem[];
  /** By provider, the state of its key according to its endpoint. */
  verifications: Record<string, Verification>;
  /** Messages for the user, in responses of the HTTP API. */
  notes?: string[];
}

/** What an endpoint said about a key. */
export interface Verified {
  /** `unsupported` means that there is no key, or that its plugin declares no request that verifies a key. */
  state: "valid" | "invalid" | "no_credit" | "rate_limited" | "unreachable" | "unsupported";
  /** The reason, in the endpoint's own words if it returned any. */
  message: string | null;
  /** The remaining credit with its currency, if the endpoint returns it. */
  remaining: string | null;
  /** When it said so. */
  when: string;
}

/** The providers whose keys to verify. An empty list means all providers with a key. */
export interface VerifyBody {
  providers?: string[];
  paid?: boolean;
}

/** One way to run a model. */
export interface Way {
  /** The provider that the request goes to. */
  provider: string;
  /** The route: `direct`, or the gateway's provider ID. */
  via: string;
  /** The reference that selects it. */
  model: string;
  /** The model ID as the endpoint of this route spells it. */
  modelId: string | null;
  /** Further IDs by which this provider lists the same at the same terms: of other regions, or with a date. */
  otherIds: string[];
  price: EndpointPrice;
  /** The maximum number of tokens of input and output together there; null if it is not known. */
  context: number | null;
  /** The maximum number of tokens of one response there; null if it is not known. */
  output: number | null;
  /** Whether it works with the available credentials, as far as can be determined without the network. */
  usable: boolean;
  /** Why it is usable, or why it is not. */
  reason: string;
  /** What the user can do about it; null if nothing needs to be done. */
  remedy: string | null;
  /** Where the secret was found, or `none needed`; never its value. Null if there is no credential. */
  credential: string | null;
  /** The same as `credential`, for programs; null if no secret is needed or found. */
  source: Source | null;
  /** What is missing, if it is not usable. */
  missing: MissingSetting[];
  /** Whether the user has pinned this route for the model or its provider. */
  pinned: boolean;
  /** False if an organisation's policy does not allow it; else left out. */
  allowed?: boolean;
}
