// Package probes is the requests that have to be answered as they say wherever
// the site is served, as part of the tool, so that `init` can give them to a
// new site. It has no code: package probe reads such files and sends them.
package probes

import "embed"

// Files are the requests.
//
//go:embed *.http
var Files embed.FS
