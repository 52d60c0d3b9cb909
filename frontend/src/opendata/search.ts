import { startSwaps } from "./_swap";

startSwaps();
