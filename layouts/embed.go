// Package layouts is what content calls, shortcodes and hooks, as part of the
// tool, so that `init` can give it to a new site. Hugo has no template of this
// file's kind.
package layouts

import "embed"

// Files are the templates, below layouts/.
//
//go:embed all:_markup all:_partials all:_shortcodes
var Files embed.FS
