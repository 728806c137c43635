// Package pipeline is the flow of a build: which phases there are, what a
// plugin may do in each, in which order plugins run, and how their findings
// become Problems.
//
// What enters: an Engine that can collect and render a site, the plugins that
// were registered, and a Store that keeps the files of the site being made.
// What leaves: a Site that lies whole in the Store, and the Problems found on
// the way. Nothing here knows Hugo, a terminal, or the published directory;
// nothing here publishes.
package pipeline
