import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  find: "Buscar un nombre",
  addUser: "Nuevo usuario",
  addService: "Nueva entidad de servicio",
  noUsers: "No hay usuarios",
  noServices: "Aún no hay entidades de servicio",
  servicesHint: "Una entidad de servicio es un usuario para programas: tiene tokens y no tiene contraseña.",
  noneFound: (text: string) => `Ningún nombre contiene «${text}»`,
  displayName: "Nombre visible",
  state: "Estado",
  admin: "administrador",
  disabled: "desactivado",
  lastLogin: "Último inicio de sesión",
  userName: "Nombre de usuario",
  userNameHint: "El nombre con el que se inicia sesión. No puede contener dos puntos.",
  oneTime: "Crear una contraseña de un solo uso",
  passwordHint:
    "Se muestra una vez y hay que cambiarla en el primer inicio de sesión. Sin ella, el usuario entra con un proveedor o con tokens.",
  firstPasswordHint: "12 caracteres o más.",
  makeAdmin: "Administrador: puede hacerlo todo",
  firstHint: "El primer usuario es administrador. Desde entonces cada llamada necesita iniciar sesión.",
  create: "Crear",
  createdUser: (name: string) => `Se creó ${name}`,
} satisfies Strings<typeof en>;
