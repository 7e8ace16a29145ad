import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

const traces = (count: number): string => `${formatCount(count)} ${plural(count) === "one" ? "traza" : "trazas"}`;
const runs = (count: number): string =>
  `${formatCount(count)} ${plural(count) === "one" ? "ejecución" : "ejecuciones"}`;

export default {
  title: (count: number) => `Comparar ${runs(count)}`,
  crumb: "Comparar",
  experiments: "Experimentos",
  views: "Vistas de la comparación",
  table: "Tabla",
  charts: "Gráficos",
  parallel: "Coordenadas paralelas",
  scatter: "Dispersión",
  contour: "Contorno",
  artifacts: "Artefactos",
  images: "Imágenes",
  evaluation: "Evaluación",
  key: "Clave",
  noSuchImage: "Esta ejecución no tiene esta imagen",
  firstColumns: (shown, total) => `Las primeras ${formatCount(shown)} de ${runs(total)}`,
  noTraces: "Estas ejecuciones no tienen trazas",
  noTracesHint:
    "Aquí se emparejan por su petición las trazas de una evaluación, como las de mlflow.genai.evaluate: las respuestas y valoraciones de cada ejecución aparecen una al lado de otra.",
  findText: "Buscar en peticiones y respuestas",
  differing: "Solo peticiones con valoraciones distintas",
  requests: (shown, total) =>
    `${formatCount(shown)} de ${formatCount(total)} ${plural(total) === "one" ? "petición" : "peticiones"}`,
  newestTraces: (count) => `Las ${traces(count)} más recientes de cada ejecución`,
  answers: "Respuestas por petición",
  request: "Petición",
  expected: (name, value) => `${name}: ${value}`,
  compareTraces: "Comparar las trazas",
  openTrace: "Abrir la traza",
  notAsked: "Ninguna traza de esta petición",
  scores: "Valoraciones",
  mean: (value) => `media ${value}`,
  share: (word, percent) => `${percent} % ${word}`,
  most: (word, times) => `sobre todo ${word}, ${formatCount(times)} veces`,
  points: (percent) => `${percent} puntos`,
  ofTraces: traces,
  none: "No hay ejecuciones elegidas",
  noneLeft: "No hay nada que comparar",
  noneHint:
    'Seleccione ejecuciones en la tabla de un experimento y pulse «Comparar», o nómbrelas así: #/compare-runs?runs=["ID","ID"].',
  missing: (ids: readonly string[]) =>
    `${runs(ids.length)} de esta dirección no ${plural(ids.length) === "one" ? "existe" : "existen"} en este espacio: ${ids.slice(0, 5).join(", ")}`,
  first: (shown: number, total: number) =>
    `Las primeras ${formatCount(shown)} de ${runs(total)} tienen columna; los gráficos muestran todas.`,
  differences: "Solo diferencias",
  find: "Buscar un parámetro, métrica o etiqueta",
  params: "Parámetros",
  metrics: "Métricas",
  tags: "Etiquetas",
  attributes: "Ejecución",
  experiment: "Experimento",
  status: "Estado",
  user: "Usuario",
  started: "Inicio",
  duration: "Duración",
  source: "Origen",
  field: "Nombre",
  base: "Base",
  setBase: "Usar como base",
  highest: "el mayor",
  lowest: "el menor",
  noValue: "sin valor",
  diff: (key: string) => `Comparar los textos de ${key}`,
  alike: (count: number) =>
    plural(count) === "one"
      ? "1 fila es igual en todas las ejecuciones y está oculta"
      : `${formatCount(count)} filas son iguales en todas las ejecuciones y están ocultas`,
  noDifference: "Estas ejecuciones no difieren en nada",
  noMatch: "No hay resultados con ese nombre",
  more: (count: number) => `Mostrar ${formatCount(count)} más`,
  x: "x",
  y: "y",
  z: "Altura",
  colour: "Color",
  axes: "Ejes",
  addAxis: "Añadir un eje",
  removeAxis: (name: string) => `Quitar ${name}`,
  moveLeft: (name: string) => `Mover ${name} a la izquierda`,
  colouredBy: (key: string) => `Color: ${key}, de azul (bajo) a amarillo (alto)`,
  brushHint:
    "Arrastre sobre un eje para conservar las ejecuciones de ese intervalo; pulse el eje para conservar todas.",
  kept: (kept: number, total: number) => `${formatCount(kept)} de ${runs(total)} en los intervalos marcados`,
  clear: "Borrar intervalos",
  tooFew:
    "Un gráfico necesita dos valores que tengan casi todas las ejecuciones. Estas tienen muy pocos parámetros y métricas.",
  without: (count: number) =>
    `${runs(count)} sin estos valores no se ${plural(count) === "one" ? "dibuja" : "dibujan"}`,
  plotOf: (names: readonly string[], count: number) => `${names.join(", ")} de ${runs(count)}`,
  interpolated: "Entre ejecuciones la superficie es una media ponderada por la distancia, no una medición.",
  files: "Archivos de las ejecuciones",
  noFiles: "Estas ejecuciones no tienen archivos",
  root: "Todos los archivos",
  inRuns: (count: number, total: number) => `${formatCount(count)} de ${formatCount(total)}`,
  notIn: "Esta ejecución no tiene ese archivo",
  textDiff: "Diferencias de texto",
  sideBySide: "Lado a lado",
  diffOf: (left: string, right: string) => `${left} → ${right}`,
  headOnly: "Solo se comparan los primeros 64 KiB de cada archivo",
  binary: "Uno de los archivos no es texto",
  with: "Comparar con",
} satisfies Strings<typeof en>;
