package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"duskpress/tools/hugo"
	"duskpress/tools/pipeline"
	"duskpress/tools/report"
	"duskpress/tools/serve"
	"duskpress/tools/watch"
)

// morePorts is how many ports after the usual one are tried.
const morePorts = 20

type serveFlags struct {
	buildFlags
	bind      string
	port      int
	portGiven bool
	published bool
	navigate  bool
	open      bool
	editor    string
}

func (c *cli) serve() *cobra.Command {
	var flags serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the site while you write: build it after each save, show it in the browser, and what is wrong",
		Long: "Build the site for this machine and serve it as its web host will, headers and redirections included. After each\n" +
			"save it is built again, and pages that are open in a browser show the change, or what is wrong with it.\n\n" +
			"Drafts and posts of the future are there, with a mark. It leaves public/ alone. Ctrl-C ends it.",
		Example: "  duskpress serve --open\n" +
			"  duskpress serve --navigate --editor vscode\n" +
			"  duskpress serve --published --port 8080",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags.portGiven = cmd.Flags().Changed("port")
			if cmd.Flags().Changed("destination") {
				return c.fail("serve publishes nothing, so it takes no destination", "use `duskpress build --destination`")
			}
			return c.runServe(cmd.Context(), &flags)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&flags.bind, "bind", "127.0.0.1", "address to listen at; 0.0.0.0 is every one of this machine")
	cmd.Flags().BoolVar(&flags.published, "published", false, "without drafts and posts of the future")
	cmd.Flags().BoolVar(&flags.navigate, "navigate", false, "lead the browser to the page that was edited")
	cmd.Flags().BoolVar(&flags.open, "open", false, "open the site in a browser")
	cmd.Flags().StringVar(&flags.editor, "editor", "", "link problems to an editor: "+editorNames()+", or an address with {file}, {line} and {column}")
	cmd.Flags().IntVarP(&flags.port, "port", "p", 1313, "port to listen at; 0 is any free one")
	return cmd
}

func (c *cli) runServe(ctx context.Context, flags *serveFlags) error {
	p := c.newPress(&flags.buildFlags, false)
	bind, err := netip.ParseAddr(flags.bind)
	if err != nil {
		return c.fail(fmt.Sprintf("--bind %q is no IP address", flags.bind), "it is 127.0.0.1 for this machine alone, or 0.0.0.0")
	}
	if flags.port < 0 || flags.port > 65535 {
		return c.fail(fmt.Sprintf("--port %d is no port", flags.port), "")
	}
	edit, ok := editorNamed(flags.editor)
	if !ok {
		return c.fail(fmt.Sprintf("--editor %q is not known", flags.editor), "it is one of "+editorNames()+", or an address with {file}, {line} and {column}")
	}
	if info, err := os.Stat(c.source); err != nil || !info.IsDir() {
		return c.fail(fmt.Sprintf("the source %s is no directory", c.source), "name the site's directory with --source")
	}
	// As the system names it when something changes there.
	if c.source, err = filepath.EvalSymlinks(c.source); err != nil {
		return p.finish(ctx, err)
	}
	if !flags.published {
		for _, name := range []string{"buildDrafts", "buildFuture"} {
			if !flags.hugo.Changed(name) {
				if err := flags.hugo.Set(name, "true"); err != nil {
					return err
				}
			}
		}
	}
	listener, err := p.listen(ctx, bind, flags)
	if err != nil {
		return p.finish(ctx, err)
	}
	defer listener.Close()
	base := p.serveAt(listener, bind)

	site := serve.New(c.source, base.Path, p.log)
	pages := serve.NewLive(site)
	pages.Navigate = flags.navigate
	l := &live{cli: c, flags: flags, base: base, site: site, pages: pages, editor: edit, notes: p.summary.Notes}

	// What changes from here on is in the first build, or the reason of another.
	watcher := watch.Start(watch.Options{Roots: []string{c.source}, Skip: passOver(c.source), Log: p.log})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return watcher.Run(ctx) })
	g.Go(func() error { return handle(ctx, listener, pages, p.log) })
	g.Go(func() error { return l.run(ctx, watcher.Changes()) })
	if flags.open {
		if err := openBrowser(ctx, base.String()); err != nil {
			p.log.Warn("the browser cannot be opened", "err", err)
		}
	}
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return p.finish(ctx, err)
	}
	if !p.quiet {
		p.printer().Summary(report.Summary{Command: p.command, Outcome: "ended", Duration: time.Since(p.start)})
	}
	return nil
}

// openBrowser asks the system to show an address.
func openBrowser(ctx context.Context, address string) error {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	return exec.CommandContext(ctx, name, args...).Run()
}

// listen takes the port before anything is built, so that it is said at once
// when it is busy. A port that was asked for is that one or none: a script
// would look for the site there.
func (p *press) listen(ctx context.Context, bind netip.Addr, flags *serveFlags) (net.Listener, error) {
	var config net.ListenConfig
	try := func(port int) (net.Listener, error) {
		return config.Listen(ctx, "tcp", net.JoinHostPort(bind.String(), strconv.Itoa(port)))
	}
	listener, err := try(flags.port)
	if err == nil || !busy(err) {
		return listener, err
	}
	for port := flags.port + 1; port <= min(flags.port+morePorts, 65535); port++ {
		other, oerr := try(port)
		if oerr != nil {
			continue
		}
		if flags.portGiven {
			other.Close()
			return nil, fmt.Errorf("port %d is taken by another program; %d is free: --port %d", flags.port, port, port)
		}
		p.summary.Notes = append(p.summary.Notes, fmt.Sprintf("port %d is taken by another program, so this is port %d", flags.port, port))
		return other, nil
	}
	return nil, fmt.Errorf("port %d and the next %d are taken by other programs; --port 0 takes any free one", flags.port, morePorts)
}

func busy(err error) bool {
	const wsaeaddrinuse = syscall.Errno(10048) // what Windows says
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaeaddrinuse)
}

// serveAt decides the address that the pages are built for: the one that is
// listened at, with the path of the configured one, unless a flag says another.
func (p *press) serveAt(listener net.Listener, bind netip.Addr) *url.URL {
	configured := hugo.BaseURL(p.options())
	host := bind.String()
	if bind.IsUnspecified() {
		host = "127.0.0.1"
		p.summary.Notes = append(p.summary.Notes, "other machines of your network can see the site")
	}
	port := listener.Addr().(*net.TCPAddr).Port
	base := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.Itoa(port)), Path: "/"}
	if u, err := url.Parse(configured); err == nil && u.Path != "" {
		base.Path = u.Path
	}
	if base.Path[len(base.Path)-1] != '/' {
		base.Path += "/"
	}
	if !p.flags.hugo.Changed("baseURL") {
		p.flags.baseURL = base.String()
	}
	return base
}

// makeIn builds the site in a directory.
func (p *press) makeIn(ctx context.Context, dir string) (*pipeline.Site, error) {
	engine, pl, err := p.load(ctx)
	if engine != nil {
		defer engine.Close()
	}
	if err != nil {
		return nil, err
	}
	pl.Progress, pl.Collected = p.progress.Report, expect
	p.openCache(pl)
	defer p.closeCache()
	site, err := p.make(ctx, pl, engine, pipeline.NewDirStore(dir))
	p.count(site)
	return site, err
}

// handle answers requests until the context ends, and then none.
func handle(ctx context.Context, listener net.Listener, handler http.Handler, logger *slog.Logger) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: log.New(logWriter{logger}, "", 0),
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// logWriter hands what the server says to the log, where it is debugging: a
// browser that closes a connection is no news.
type logWriter struct{ *slog.Logger }

func (l logWriter) Write(b []byte) (int, error) {
	l.Debug(oneLine(string(b)), "stage", "serve")
	return len(b), nil
}
