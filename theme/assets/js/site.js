// Both scripts of every page in one file.
import "./toggle.js";
import "./keys.js";
