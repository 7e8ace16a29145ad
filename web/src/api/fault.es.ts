import type { Fault, Tell } from "./fault";

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

/** The text of the code alone. */
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
  }
  return byState(key, values);
}

/** What hinders an action, and what to do. */
function byState(key: string, values: Readonly<Record<string, string>>): string | undefined {
  const value = (name: string): string => values[name] ?? "";
  switch (key) {
    case "admins-only":
      return "Solo un administrador puede hacer esto.";
    case "last-admin":
      return `«${value("name")}» es el último administrador; nombre antes a otro.`;
    case "throttled":
      return `Hubo demasiados intentos. Inténtelo de nuevo en ${value("seconds")} segundos.`;
    case "assigned":
      return `«${value("name")}» ya tiene el rol «${value("role")}» en ese ámbito.`;
    case "changed-meanwhile":
      return "Otra persona lo cambió entretanto. Vuelva a cargarlo y cámbielo después.";
    case "not-retryable":
      return "Solo se puede repetir un trabajo que falló o se canceló.";
    case "still-live":
      return "El trabajo no ha terminado. Cancélelo antes de eliminarlo.";
    case "imports-running":
      return `Como máximo se hacen ${value("most")} importaciones a la vez en un espacio de trabajo. Espere a que acabe una o cancélela.`;
    case "import-ended":
      return "La importación ya terminó; solo se puede cancelar una que está en curso.";
    case "stage-asked":
      return `Ya hay una solicitud para pasar la versión ${value("version")} a ${value("stage")}.`;
    case "stage-decided":
      return "Esta solicitud ya se decidió o se retiró.";
    case "stage-own-request":
      return "Usted hizo esta solicitud; debe aprobarla otra persona.";
    case "stage-needs-approval":
      return `La etapa ${value("stage")} necesita una aprobación en este espacio de trabajo. Solicítela; la versión pasa cuando alguien la aprueba.`;
    case "stage-keeps-others":
      return `La etapa ${value("stage")} necesita una aprobación, así que las demás versiones no se archivan solas. Páselas a Archived una por una.`;
    case "in-use":
      return `No se puede eliminar porque está en uso: ${value("users")}. Elimine antes lo que lo usa, o haga que use otra versión.`;
    case "preview-outdated":
      return "La vista previa está desactualizada. Solicite una nueva y elimine después.";
    case "deletion-begun":
      return "Su eliminación definitiva ya empezó.";
    case "protected":
      return `Está protegido. Quite antes la etiqueta ${value("tag")}.`;
    case "protected-inside":
      return `Contiene ${value("count")} elementos con la etiqueta ${value("tag")}. Quítela antes.`;
    case "default":
      return "El elemento predeterminado no se puede eliminar.";
    case "has-traffic":
      return `Recibe el ${value("percent")} % del tráfico. Asigne antes su parte a otro despliegue.`;
    case "aliased":
      return `Tiene alias: ${value("names")}. Elimínelos antes.`;
    case "has-versions":
      return `Hay versiones de modelos hechas con sus archivos: ${value("names")}. Elimínelas antes.`;
    case "kept-in-step":
      return `Un enlace mantiene una copia al día: ${value("names")}. Quite antes el enlace; la copia se conserva.`;
    case "not-ended":
      return `No ha terminado: ${value("names")}. Cancélelo antes.`;
    case "rule-too-wide":
      return `La regla afecta al ${value("share")} %, y most_percent es ${value("most")}. No se eliminó nada. Consulte su vista previa y aumente most_percent.`;
    case "on-hold":
      return `Tiene una retención legal: ${value("reason")}. Retírela antes.`;
    case "held-already":
      return "Ya tiene una retención legal. Retírela antes.";
    case "output-exists":
      return `La salida «${value("output")}» ya existe. Elija sobrescribirla u otro nombre.`;
    case "link-ending":
      return `El enlace «${value("name")}» se está quitando; antes se eliminan sus copias.`;
    case "folder-too-large":
      return "La carpeta tiene demasiados archivos o datos para un zip. Descargue sus carpetas o archivos uno por uno.";
    case "experiment-deleted":
      return `La traza es del experimento ${value("experiment")}, que está eliminado. Restáurelo antes.`;
    case "trace-came-again":
      return "La traza volvió a llegar después de eliminarse. Elimine la nueva para restaurar la de la papelera.";
  }
  return byJob(key, values) ?? byText(key, values);
}

/** Why a job ended, or returned to the queue. */
function byJob(key: string, values: Readonly<Record<string, string>>): string | undefined {
  const value = (name: string): string => values[name] ?? "";
  switch (key) {
    case "job-cancelled":
      return "El trabajo se canceló.";
    case "job-cancelled-queued":
      return "El trabajo se canceló antes de empezar.";
    case "job-timed-out":
      return `El trabajo superó su límite de ${value("seconds")} s.`;
    case "job-server-stopped":
      return "El servidor que hacía el trabajo se detuvo.";
    case "job-server-ended":
      return "El servidor que hacía el trabajo terminó de forma inesperada.";
    case "job-taken-over":
      return "Otro servidor continúa el trabajo, o el trabajo se eliminó.";
    case "job-killed":
      return `La señal ${value("signal")} terminó el proceso del trabajo.`;
    case "job-exit-code":
      return `El proceso terminó con el código ${value("code")}: «${value("line")}»`;
    case "job-process":
      return `El proceso del trabajo falló: «${value("message")}»`;
    case "job-server-fault":
      return `El trabajo terminó por un error del servidor: «${value("error")}»`;
    case "job-kind-unknown":
      return `Este servidor no conoce el tipo de trabajo «${value("kind")}».`;
    case "environment-failed":
      return `No se pudo crear el entorno: «${value("message")}»`;
  }
  return undefined;
}

/** What the grammar of filters expects at a place. */
const EXPECTED: Record<string, string> = {
  "a field": "un campo",
  "a comparison": "una comparación",
  "a value": "un valor",
  "AND, OR or the end": "AND, OR o el final",
  "a list in parentheses": "una lista entre paréntesis",
  "one text in parentheses": "un solo texto entre paréntesis",
};

/** What functions are for. */
const FUNCTIONS: Record<string, string> = {
  metrics: "solo vale para métricas",
  texts: "solo vale para parámetros y etiquetas",
  order: "solo ordena; para comparar un parámetro como número, escriba el número sin comillas",
};

/** The mistake in a text with a syntax, such as a filter or a cron expression. */
function byText(key: string, values: Readonly<Record<string, string>>): string | undefined {
  const value = (name: string): string => values[name] ?? "";
  const valid = value("valid") && ` Se admiten: ${value("valid")}.`;
  switch (key) {
    case "filter-syntax": {
      const expected = EXPECTED[value("expected")] ?? value("expected");
      if (!expected) return `En el carácter ${value("at")} hay comillas sin cerrar o un signo que no significa nada.`;
      if (!value("at")) return `El filtro acaba donde se espera ${expected}.`;
      return `En el carácter ${value("at")} está «${value("text")}»; se espera ${expected}.`;
    }
    case "filter-field":
      return `Aquí no se puede buscar por «${value("field")}».${valid}`;
    case "filter-function":
      return `La función ${value("function")}() ${FUNCTIONS[value("of")] ?? "no se admite aquí"}.`;
    case "filter-operator":
      return `«${value("field")}» no se puede comparar con ${value("operator")}.${valid}`;
    case "filter-null-test":
      return `«${value("field")}» siempre tiene un valor: IS NULL no sirve para él.`;
    case "filter-not-number":
      return `«${value("field")}» se compara con un número; ${value("value")} no lo es.`;
    case "filter-not-quoted":
      return `El valor de «${value("field")}» va entre comillas: '${value("value")}'.`;
    case "filter-list":
      return "Una lista va entre paréntesis y tiene valores de un mismo tipo, separados por comas: ('a', 'b').";
    case "cron":
      return `«${value("cron")}» no es una expresión cron: lleva cinco campos (minuto, hora, día, mes, día de la semana), como 30 6 * * 1-5 para las 6:30 de los días laborables.`;
    case "cron-never":
      return `«${value("cron")}» no se cumple nunca: ninguno de sus meses tiene ese día.`;
    case "timezone":
      return `«${value("name")}» no es una zona horaria; escriba un nombre como UTC o Europe/Madrid.`;
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
