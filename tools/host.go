package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"duskpress/tools/deploy"
	"duskpress/tools/folder"
	"duskpress/tools/netlify"
	"duskpress/tools/publish"
	"duskpress/tools/report"
)

// hostFlags are the flags of all commands that talk to a host.
type hostFlags struct {
	site    string
	target  string
	timeout time.Duration
}

func (h *hostFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&h.site, "site", "", "id or name of the site at Netlify (default NETLIFY_SITE_ID, or .netlify/state.json)")
	f.StringVar(&h.target, "target", "netlify", "the host: netlify, or dir:PATH for a directory of releases")
	f.DurationVar(&h.timeout, "timeout", 30*time.Minute, "how long to try")
}

// words are the flags that were given, as they are given again.
func (h *hostFlags) words() (list []string) {
	if h.site != "" {
		list = append(list, "--site", quoted(h.site))
	}
	if h.target != "netlify" {
		list = append(list, "--target", quoted(h.target))
	}
	return list
}

// host makes the host that the flags and the environment name. An error is for
// the user to mend.
func (c *cli) host(h *hostFlags) (deploy.Options, error) {
	o := deploy.Options{State: filepath.Join(c.source, ".duskpress"), Timeout: h.timeout, Log: c.log(), Self: self(), Again: c.again(), Where: h.words()}
	if h.timeout <= 0 {
		return o, c.fail(fmt.Sprintf("--timeout %s leaves no time", h.timeout), "write a time such as 30m")
	}
	if path, ok := strings.CutPrefix(h.target, "dir:"); ok {
		if path == "" {
			return o, c.fail("--target dir: names no directory", "write dir:PATH")
		}
		f, err := folder.New(path)
		if err != nil {
			return o, c.fail(err.Error(), "")
		}
		o.Host, o.HostName = f, "dir"
		o.Pace = &deploy.Pace{Haste: haste()}
		return o, nil
	}
	if h.target != "netlify" {
		return o, c.fail(fmt.Sprintf("unknown target %q", h.target), "it is netlify or dir:PATH")
	}
	site, err := c.siteName(h)
	if err != nil {
		return o, c.fail(err.Error(), "")
	}
	if site == "" {
		return o, c.fail("no site is named", "set NETLIFY_SITE_ID, or add --site NAME")
	}
	token := os.Getenv("NETLIFY_AUTH_TOKEN")
	if token == "" {
		return o, c.fail("NETLIFY_AUTH_TOKEN is not set", "make a personal access token in Netlify's console, under User settings, and put it into that variable")
	}
	api := os.Getenv("NETLIFY_API_URL")
	client, err := netlify.New(netlify.Config{Token: token, Site: site, API: api, Log: o.Log})
	if err != nil {
		return o, c.fail(err.Error(), "look at NETLIFY_API_URL and NETLIFY_AUTH_TOKEN")
	}
	o.Host, o.HostName = client, "netlify"
	if u, err := url.Parse(api); err == nil && u.Scheme == "http" { // this machine alone: a test
		o.Pace = &deploy.Pace{Haste: haste()}
	}
	return o, nil
}

// siteName is the id or name of the site that is meant, or "" where none is named.
func (c *cli) siteName(h *hostFlags) (string, error) {
	if h.site != "" {
		return h.site, nil
	}
	if site := os.Getenv("NETLIFY_SITE_ID"); site != "" {
		return site, nil
	}
	return linkedSite(c.source)
}

// haste makes the clock of deploys faster, for tests.
func haste() int {
	n, err := strconv.Atoi(os.Getenv("DUSKPRESS_DEPLOY_HASTE"))
	if err != nil {
		return 1
	}
	return min(max(n, 1), 1000)
}

// linkedSite is the site that Netlify's own command has linked this directory
// to, or "".
func linkedSite(source string) (string, error) {
	name := filepath.Join(source, ".netlify", "state.json")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	var s struct {
		Site string `json:"siteId"`
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return s.Site, nil
}

// publicDir is the directory to deploy where nothing is built.
func (c *cli) publicDir(destination string) string {
	if destination == "" {
		destination = "public"
	}
	if filepath.IsAbs(destination) {
		return destination
	}
	return filepath.Join(c.source, destination)
}

// apart refuses a directory of releases that holds the site, or is held by it:
// the site would be deployed with its deploys.
func (c *cli) apart(target, dir string) error {
	path, ok := strings.CutPrefix(target, "dir:")
	if !ok {
		return nil
	}
	for _, pair := range [][2]string{{path, dir}, {dir, path}} {
		outer, err := real(pair[0])
		if err != nil {
			return err
		}
		inner, err := real(pair[1])
		if err != nil {
			return err
		}
		if rel, err := filepath.Rel(outer, inner); err == nil && filepath.IsLocal(rel) {
			return c.fail(fmt.Sprintf("the releases in %s and the site in %s lie in one another", path, dir), "choose a directory outside the site")
		}
	}
	return nil
}

// real is a path without links, as far as it exists.
func real(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if link, err := filepath.EvalSymlinks(path); err == nil {
		return link, nil
	}
	if parent := filepath.Dir(path); parent != path {
		parent, err = real(parent)
		return filepath.Join(parent, filepath.Base(path)), err
	}
	return path, nil
}

// freeze says what is deployed from a directory.
func freeze(dir string) (deploy.FreezeOptions, error) {
	own, err := publish.Owner(dir)
	return deploy.FreezeOptions{Dir: dir, Own: own}, err
}

// deployLock keeps two deploys from one directory apart.
func (c *cli) deployLock(o deploy.Options) (io.Closer, error) {
	if err := os.MkdirAll(o.State, 0o777); err != nil {
		return nil, err
	}
	return publish.Exclusive(filepath.Join(o.State, "deploying"), c.command)
}

func (c *cli) bar() *report.Bar {
	return &report.Bar{Out: c.stderr, Terminal: isTerminal(c.stderr), Quiet: c.quiet || report.Format(c.format) == report.JSON}
}
