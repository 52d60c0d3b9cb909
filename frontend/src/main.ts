import "./styles/index.css";
import { startDialogs } from "./house/_dialogs";
import { startForms } from "./house/_forms";
import { startMenus } from "./house/_menus";
import { startMoments } from "./house/_moments";
import { startTheme } from "./house/_theme";
import { startToasts } from "./house/_toasts";

startTheme();
startMenus();
startDialogs();
startForms();
startMoments();
startToasts();
