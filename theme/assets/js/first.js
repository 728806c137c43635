// Blocks rendering, so that the first frame already has the colours that the reader chose.
import { key, show, valid } from "./appearance.js";

try {
  const choice = valid(localStorage[key]);
  if (choice) show(choice);
} catch {
  // No storage: the system's colours.
}
