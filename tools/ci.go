package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// onNetlify reports whether this is a build by Netlify, from git.
func onNetlify() bool { return os.Getenv("NETLIFY") == "true" }

// previewEnvironment is Hugo's environment for what is not production, so that
// config/preview/ can say what is different there.
const previewEnvironment = "preview"

// underNetlify takes the address of the site, and whether it is production,
// from the variables of Netlify's builds. Flags and Hugo's own variables win.
func (c *cli) underNetlify(flags *buildFlags) error {
	if !onNetlify() {
		return nil
	}
	// An older image builds with the Go that it has, and says nothing.
	if want := os.Getenv("GO_VERSION"); want != "" && runtime.Version() != "go"+want {
		return c.fail(fmt.Sprintf("this is %s, and GO_VERSION asks for go%s", runtime.Version(), want), "give GO_VERSION in netlify.toml with its full patch version, and choose a newer build image")
	}
	production := os.Getenv("CONTEXT") == "production"
	if !production && !c.environmentGiven {
		c.environment = previewEnvironment
	}
	if flags.hugo.Changed("baseURL") || os.Getenv("HUGO_BASEURL") != "" {
		return nil
	}
	name := "URL"
	if !production {
		name = "DEPLOY_PRIME_URL"
	}
	address := os.Getenv(name)
	if address == "" {
		return c.fail(fmt.Sprintf("this is a build of Netlify for the context %q, and %s is not set", os.Getenv("CONTEXT"), name), "add --baseURL to the command in netlify.toml")
	}
	flags.baseURL = address
	return nil
}

// netlifyCache is a directory that Netlify keeps from one build to the next, or
// "". Its build image restores Go's own directories for every site, and
// ~/.cache, by what is published of it, for those in Python alone.
func netlifyCache() string {
	if !onNetlify() {
		return ""
	}
	for _, name := range []string{"GOPATH", "GOCACHE"} {
		if list := filepath.SplitList(os.Getenv(name)); len(list) > 0 && filepath.IsAbs(list[0]) {
			return filepath.Join(list[0], "duskpress")
		}
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "duskpress")
}
