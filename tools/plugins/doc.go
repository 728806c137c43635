// Package plugins holds what Duskpress does to a site beside driving Hugo: one
// file, one plugin. A file registers its plugin in init and is otherwise
// independent of the others; what one needs of another it finds in the
// pipeline's Collection or Site.
//
// To add a plugin, add a file here. `go run ./tools plugins` shows where it
// stands. Nothing in this package knows Hugo.
package plugins
