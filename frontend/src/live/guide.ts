/** The programme guide: times that count down. Everything else works without a script. */
import { countdowns } from "./_countdown";
import { pageData } from "./_words";

countdowns(document, pageData().words);
