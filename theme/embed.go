// Package theme is the theme as part of the tool, so that `init` can give it to
// a new site wherever the tool is installed. Hugo does not see this file: it
// reads the theme's directories.
package theme

import "embed"

// Files are those that a site needs, below the theme's directory.
//
//go:embed hugo.toml theme.toml all:archetypes all:assets all:i18n all:layouts all:static
var Files embed.FS
