import type { Fault, Tell } from "./told";

/** What a reason names: "un experimento", "el experimento", "de experimento". */
const KINDS: Record<string, readonly [a: string, the: string]> = {
  experiment: ["un experimento", "el experimento"],
  run: ["una ejecución", "la ejecución"],
  registered_model: ["un modelo", "el modelo"],
  model_version: ["una versión de modelo", "la versión de modelo"],
  logged_model: ["un modelo de ejecución", "el modelo de ejecución"],
  prompt: ["una instrucción", "la instrucción"],
  trace: ["una traza", "la traza"],
  label_schema: ["una pregunta de revisión", "la pregunta de revisión"],
  review_queue: ["una cola de revisión", "la cola de revisión"],
  view: ["una vista", "la vista"],
  workspace: ["un espacio de trabajo", "el espacio de trabajo"],
  user: ["un usuario", "el usuario"],
  group: ["un grupo", "el grupo"],
  principal: ["un usuario", "el usuario"],
  role: ["un rol", "el rol"],
  token: ["un token", "el token"],
  endpoint: ["un endpoint", "el endpoint"],
  drift_monitor: ["un monitor de deriva", "el monitor de deriva"],
  job: ["un trabajo", "el trabajo"],
  job_schedule: ["una programación", "la programación"],
  link: ["un enlace", "el enlace"],
  webhook: ["un webhook", "el webhook"],
};

/** What names of a kind may be. */
const RULES: Record<string, string> = {
  experiment: "no puede estar vacío",
  registered_model: "no puede contener «/» ni «:»",
  workspace: "debe tener de 2 a 63 letras, cifras, «-» o «_», empezar por una letra o una cifra y no estar reservado",
  user: "debe tener de 1 a 256 caracteres visibles, sin «:» y sin espacios en los extremos",
  token: "debe tener de 1 a 256 caracteres visibles",
  endpoint: "debe tener de 1 a 32 letras, cifras y guiones, empezar por una letra y no acabar en guion",
  drift_monitor: "debe tener de 1 a 100 letras, cifras, puntos, guiones y guiones bajos",
  link: "debe empezar por una letra o una cifra y tener hasta 100 de ellas, puntos, guiones y guiones bajos",
  webhook:
    "debe empezar y acabar con una letra o una cifra, tener menos de 63 y solo puntos, guiones y guiones bajos entre ellas",
  view: "debe tener de 1 a 200 caracteres",
};

/** What codes mean; the server's words follow. */
const CODES: Record<string, string> = {
  RESOURCE_ALREADY_EXISTS: "Ya existe",
  RESOURCE_DOES_NOT_EXIST: "No existe",
  PERMISSION_DENIED: "No tiene permiso para hacer esto",
  INVALID_PARAMETER_VALUE: "El servidor no acepta un valor",
  BAD_REQUEST: "El servidor no entiende la petición",
  INVALID_STATE: "Su estado no lo permite",
  RESOURCE_CONFLICT: "Algo lo impide",
  RESOURCE_LIMIT_EXCEEDED: "Se alcanzó un límite",
  REQUEST_LIMIT_EXCEEDED: "Demasiadas peticiones a la vez; inténtelo de nuevo",
  TEMPORARILY_UNAVAILABLE: "El servidor no puede responder ahora; inténtelo de nuevo",
  DEADLINE_EXCEEDED: "Esto tarda demasiado en una sola petición",
  NOT_IMPLEMENTED: "El servidor no lo admite",
  UNAUTHENTICATED: "Inicie sesión",
  ENDPOINT_NOT_FOUND: "El servidor no conoce esta llamada",
  INTERNAL_ERROR: "El servidor falló; su registro dice por qué",
};

/** Nothing more than the code says. */
const BARE = new Set(["Permission denied."]);

function byReason({ key, values = {} }: NonNullable<Fault["reason"]>): string | undefined {
  const kind = KINDS[values["kind"] ?? ""];
  const name = values["name"] ?? "";
  switch (key) {
    case "taken":
      return kind && `Ya existe ${kind[0]} con el nombre «${name}».`;
    case "missing":
      return kind && `No existe ${kind[1]} «${name}».`;
    case "bad-name": {
      const rule = RULES[values["kind"] ?? ""];
      return rule && `El nombre «${name}» no sirve: ${rule}.`;
    }
    case "too-long":
      return `«${values["field"] ?? ""}» tiene más de ${values["most"] ?? ""} caracteres.`;
    case "admins-only":
      return "Solo un administrador puede hacer esto.";
  }
  return undefined;
}

const tell: Tell = (fault) => {
  const found = fault.reason && byReason(fault.reason);
  if (found) return found;
  const lead = CODES[fault.error_code ?? ""];
  if (!lead) return undefined;
  const { message = "" } = fault;
  return !message || BARE.has(message) ? `${lead}.` : `${lead}. El servidor dice: «${message}»`;
};

export default tell;
