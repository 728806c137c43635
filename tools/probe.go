package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"duskpress/tools/deploy"
	"duskpress/tools/headers"
	"duskpress/tools/pipeline"
	"duskpress/tools/probe"
	"duskpress/tools/report"
	"duskpress/tools/serve"
)

type probeFlags struct {
	buildFlags
	host   hostFlags
	target string
	only   []string
	vars   []string
	show   bool
	watch  bool
}

func (c *cli) probe() *cobra.Command {
	var flags probeFlags
	cmd := &cobra.Command{
		Use:   "probe [FILE.http...]",
		Short: "Send saved HTTP requests and compare the answers with what is expected",
		Long: "Send saved HTTP requests and compare the answers with what is expected.\n\n" +
			"Without files, those of tools/probes/ are sent. The target is `local`, a fresh build served on this\n" +
			"machine with its headers and redirections; `live`; `deploy:ID`; `dir:PATH`, what is live in a directory of\n" +
			"releases, served in the same way; or an address. `file` leaves the variable base as it stands in the file.",
		Example: "  duskpress probe\n" +
			"  duskpress probe --target live\n" +
			"  duskpress probe --target https://example.org --watch outage.http",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runProbe(cmd.Context(), &flags, args)
		},
	}
	flags.buildFlags.add(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.target, "target", "local", "local, live, deploy:ID, dir:PATH, file, or an address")
	f.StringVar(&flags.host.site, "site", "", "id or name of the site at Netlify, for live and deploy:ID")
	f.StringSliceVar(&flags.only, "name", nil, "send only the requests with these names")
	f.StringSliceVar(&flags.vars, "var", nil, "NAME=VALUE of a variable, over the file's")
	f.BoolVar(&flags.show, "show", false, "show every exchange, not the failed ones alone")
	f.BoolVar(&flags.watch, "watch", false, "send them again whenever a file is saved, and show every exchange")
	return cmd
}

func (c *cli) runProbe(ctx context.Context, flags *probeFlags, args []string) error {
	names, err := c.probeFiles(args)
	if err != nil {
		return c.fail(err.Error(), "name a file, or put some into tools/probes/")
	}
	o := probe.Options{Vars: make(map[string]string), Only: flags.only}
	for _, v := range flags.vars {
		key, value, ok := strings.Cut(v, "=")
		if !ok || key == "" {
			return c.fail(fmt.Sprintf("--var %q is no variable", v), "write NAME=VALUE")
		}
		o.Vars[key] = value
	}
	if !flags.watch {
		for _, name := range names { // before anything is built
			if _, err := probe.Read(name); err != nil {
				return c.badProbe(err)
			}
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	var g errgroup.Group
	defer func() { cancel(); _ = g.Wait() }()
	if o.Base, err = c.probeBase(ctx, flags, &g); err != nil {
		return err
	}
	if flags.watch {
		return c.watchProbes(ctx, names, o)
	}
	passed, err := c.sendProbes(ctx, names, o, flags.show)
	if err != nil {
		return c.badProbe(err)
	}
	if !passed {
		return exitCode(exitProblems)
	}
	return nil
}

// probeFiles are the files to send, the starter's without any.
func (c *cli) probeFiles(args []string) ([]string, error) {
	if len(args) > 0 {
		return args, nil
	}
	names, err := filepath.Glob(filepath.Join(c.source, "tools", "probes", "*.http"))
	if err == nil && len(names) == 0 {
		err = errors.New("there are no probes in " + filepath.Join(c.source, "tools", "probes"))
	}
	return names, err
}

// badProbe shows what is wrong with a file.
func (c *cli) badProbe(err error) error {
	var faults probe.Faults
	var one *probe.Fault
	switch {
	case errors.As(err, &faults):
	case errors.As(err, &one):
		faults = probe.Faults{one}
	default:
		return c.fail(err.Error(), "")
	}
	var list []pipeline.Problem
	for _, f := range faults {
		name := f.File
		if abs, aerr := filepath.Abs(name); aerr == nil {
			name = abs // problems' files are relative to the source
			if rel, rerr := filepath.Rel(c.source, abs); rerr == nil && !strings.HasPrefix(rel, "..") {
				name = filepath.ToSlash(rel)
			}
		}
		list = append(list, pipeline.Problem{File: name, Line: f.Line, Column: f.Col, Severity: pipeline.Error, Rule: "probe", Message: f.Message, Hint: f.Hint})
	}
	if err := c.printer().Problems(list); err != nil {
		return err
	}
	c.printer().Summary(report.Summary{Command: c.command, Exit: exitUsage, Outcome: "nothing was sent", Errors: len(list)})
	return exitCode(exitUsage)
}

// probeBase is the address of the target. For local it builds the site and
// serves it until the context ends.
func (c *cli) probeBase(ctx context.Context, flags *probeFlags, g *errgroup.Group) (string, error) {
	target := flags.target
	id, isDeploy := strings.CutPrefix(strings.Replace(target, "deploy ", "deploy:", 1), "deploy:")
	switch {
	case target == "file":
		return "", nil
	case target == "local":
		return c.probeLocal(ctx, flags, g)
	case strings.HasPrefix(target, "dir:"):
		flags.host.target, flags.host.timeout = target, time.Minute
		o, err := c.host(&flags.host)
		if err != nil {
			return "", err
		}
		site, err := o.Host.Site(ctx)
		if err == nil && site.Live == "" {
			err = errors.New("nothing is live in " + site.ID)
		}
		if err != nil {
			return "", c.fail(err.Error(), "")
		}
		base, err := served(ctx, g, site.URL, c.log())
		if err != nil {
			return "", c.fail(err.Error(), "")
		}
		return base, nil
	case strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://"):
		return strings.TrimRight(target, "/"), nil
	case target != "live" && !isDeploy:
		return "", c.fail(fmt.Sprintf("unknown target %q", target), "it is local, live, deploy:ID, dir:PATH, file, or an address")
	}
	state := filepath.Join(c.source, ".duskpress")
	receipts, err := deploy.Heads(state)
	if err != nil {
		return "", c.fail(err.Error(), "")
	}
	named, err := c.siteName(&flags.host)
	if err != nil {
		return "", c.fail(err.Error(), "")
	}
	for _, r := range receipts {
		switch {
		case r.Host == "dir": // files, and no address
		case named != "" && named != r.Site && named != r.Name: // another site's
		case isDeploy && r.ID == id:
			return r.Seen, nil
		case !isDeploy && r.Target == "production":
			return r.URL, nil
		}
	}
	flags.host.target, flags.host.timeout = "netlify", time.Minute
	o, err := c.host(&flags.host)
	if err != nil {
		return "", err
	}
	site, err := o.Host.Site(ctx)
	if err == nil && !isDeploy {
		return site.URL, nil
	}
	var d deploy.Deploy
	if err == nil {
		d, err = o.Host.Get(ctx, id)
	}
	if err != nil {
		return "", c.fail(err.Error(), "")
	}
	return d.URL, nil
}

func (c *cli) probeLocal(ctx context.Context, flags *probeFlags, g *errgroup.Group) (string, error) {
	p := c.newPress(&flags.buildFlags, false)
	p.summary.Command = "build"
	dir, err := p.workDir("probe-")
	if err == nil {
		_, err = p.makeIn(ctx, dir)
	}
	p.progress.Done()
	if err != nil {
		os.RemoveAll(dir)
		return "", p.finish(ctx, err)
	}
	g.Go(func() error {
		<-ctx.Done()
		return os.RemoveAll(dir)
	})
	if err := p.printer().Problems(p.problems.Sorted()); err != nil {
		return "", err
	}
	if data, err := os.ReadFile(filepath.Join(dir, headers.RedirectsFile)); err == nil && !c.quiet {
		for _, note := range untried(data) {
			fmt.Fprintf(c.stderr, "note: %s\n", note)
		}
	}
	base, err := served(ctx, g, dir, p.log)
	if err != nil {
		return "", c.fail(err.Error(), "")
	}
	return base, nil
}

// served is the address at which a directory is served on this machine, as
// Netlify would, until the context ends.
func served(ctx context.Context, g *errgroup.Group, dir string, logger *slog.Logger) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	g.Go(func() error { return handle(ctx, listener, serve.New(dir, "", logger), logger) })
	return "http://" + listener.Addr().String(), nil
}

// untried are the redirections that only the host can decide.
func untried(data []byte) []string {
	list, _ := headers.ParseRedirects(data)
	var notes []string
	for _, r := range list {
		var why string
		switch {
		case len(r.Conditions) > 0:
			why = "its conditions are for the host to judge"
		case !strings.HasPrefix(r.From, "/"):
			why = "it is for another host"
		case r.Status == 200 && !strings.HasPrefix(r.To, "/"):
			why = "it asks another server"
		default:
			continue
		}
		notes = append(notes, fmt.Sprintf("%s:%d: %s is not tried here: %s", headers.RedirectsFile, r.Line, r.From, why))
	}
	return notes
}

// sendProbes sends every file and shows the results.
func (c *cli) sendProbes(ctx context.Context, names []string, o probe.Options, show bool) (bool, error) {
	passed, sent, failed := true, 0, 0
	start := time.Now()
	for _, name := range names {
		f, err := probe.Read(name)
		if err != nil {
			return false, err
		}
		results, err := probe.Run(ctx, f, o)
		if err != nil {
			return false, err
		}
		for _, r := range results {
			sent++
			if !r.OK() {
				passed = false
				failed++
			}
			c.showProbe(r, show)
		}
	}
	if sent == 0 {
		return false, errors.New("no request has such a name")
	}
	if report.Format(c.format) == report.JSON {
		line, _ := json.Marshal(map[string]any{"command": "probe", "exit": exitFor(passed), "sent": sent, "failed": failed, "base": o.Base, "milliseconds": time.Since(start).Milliseconds()})
		fmt.Fprintf(c.stdout, "%s\n", line)
		return passed, nil
	}
	at := ""
	if o.Base != "" {
		at = " to " + o.Base
	}
	fmt.Fprintf(c.stdout, "probe: %s sent%s, %d failed, exit=%d\n", report.Count(sent, "request"), at, failed, exitFor(passed))
	return passed, nil
}

func exitFor(passed bool) int {
	if passed {
		return exitDone
	}
	return exitProblems
}

func (c *cli) showProbe(r *probe.Result, show bool) {
	if report.Format(c.format) == report.JSON {
		type check struct {
			Expect string `json:"expect"`
			OK     bool   `json:"ok"`
			Got    string `json:"got"`
		}
		m := map[string]any{"file": r.File, "line": r.Request.Line, "name": r.Request.Label(), "ok": r.OK()}
		if x := r.Exchange; x != nil {
			m["method"], m["url"], m["status"], m["bytes"], m["sha256"] = x.Method, r.Redact(x.URL), x.Status, len(x.Body), x.SHA256
			m["milliseconds"] = float64(x.Times.Total.Microseconds()) / 1000
		}
		if r.Err != nil {
			m["error"] = r.Redact(r.Err.Error())
		}
		checks := []check{}
		for _, k := range r.Checks {
			checks = append(checks, check{r.Redact(k.Text), k.OK, r.Redact(k.Got)})
		}
		m["checks"] = checks
		line, _ := json.Marshal(m)
		fmt.Fprintf(c.stdout, "%s\n", line)
		return
	}
	if !c.quiet || !r.OK() {
		fmt.Fprintln(c.stdout, r.Line())
	}
	if show || !r.OK() {
		r.Show(c.stdout)
	}
}

// watchInterval is how often files are looked at: a save is seen in less than a
// moment, by any editor and on any file system.
const watchInterval = 150 * time.Millisecond

// watchProbes sends the files whenever one of them is saved, until Ctrl-C.
func (c *cli) watchProbes(ctx context.Context, names []string, o probe.Options) error {
	last := ""
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		if now := stamps(names); now != last {
			last = now
			fmt.Fprintf(c.stdout, "--- %s\n", time.Now().Format(time.TimeOnly))
			if _, err := c.sendProbes(ctx, names, o, true); err != nil && ctx.Err() == nil {
				_ = c.badProbe(err) // shown; the next save may mend it
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// stamps changes when one of the files does. One that is missing, because an
// editor is just replacing it, counts when it is back.
func stamps(names []string) string {
	var b strings.Builder
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}
