import { startCopy } from "./_copy";

startCopy();
