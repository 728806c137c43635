// Command duskpress builds a site of engineers' notes. The package's files are
// its commands; what they do is in the packages below.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"duskpress/tools/deploy"
	"duskpress/tools/pipeline"
	"duskpress/tools/report"
)

// Exit codes; deploy adds its own.
const (
	exitDone        = 0
	exitProblems    = 1 // the site has problems, or the machine failed; nothing changed
	exitUsage       = 2 // wrong usage or configuration; nothing changed
	exitInterrupted = 130
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main without the process: it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &cli{stdout: stdout, stderr: stderr, args: args}
	tune()
	root := c.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code exitCode
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	}
	// What cobra itself refuses: an unknown command or flag. Those that speak of
	// production do so here too.
	next := ""
	if cmd, _, ferr := root.Find(args); c.command == "" && ferr == nil && speaksOfProduction(cmd.Name()) {
		c.command, next = cmd.Name(), self()+" "+cmd.Name()+" --help"
	}
	hint := "see `duskpress --help`"
	var usage *usageError
	if errors.As(err, &usage) {
		hint = usage.hint
	}
	c.usageError(err.Error(), hint, next)
	return exitUsage
}

// An exitCode ends a command that has said everything already.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit=%d", int(e)) }

// cli holds what every command needs: its writers and the global flags.
type cli struct {
	stdout, stderr io.Writer
	args           []string // as they were given

	command     string
	source      string
	environment string
	format      string
	quiet       bool
	verbose     bool
	noColor     bool

	// environmentGiven: by a flag or a variable, and not by default.
	environmentGiven bool
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "duskpress",
		Short: "A press for engineers' notes: Markdown in content/, a whole checked site in public/",
		Example: "  duskpress init notes && cd notes\n" +
			"  duskpress new post \"What broke at nine\" --tags outages --edit\n" +
			"  duskpress serve\n" +
			"  duskpress build",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			c.command = cmd.Name()
			return c.check()
		},
	}
	root.SetVersionTemplate("duskpress, {{ .Version }}\n")
	root.SetFlagErrorFunc(noSuchFlag)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	f := root.PersistentFlags()
	f.StringVarP(&c.source, "source", "s", ".", "directory of the site")
	f.StringVarP(&c.environment, "environment", "e", "", "Hugo environment (default production, or HUGO_ENVIRONMENT)")
	f.StringVar(&c.format, "format", "text", "how problems are written: text, json or github")
	f.BoolVar(&c.quiet, "quiet", false, "print problems only")
	f.BoolVar(&c.verbose, "verbose", false, "log what each stage does")
	f.BoolVar(&c.noColor, "no-color", false, "never colour the output")
	root.AddCommand(c.build(), c.checkCommand(), c.plugins(), c.serve())
	root.AddCommand(c.explain(), c.remake())
	root.AddCommand(c.deploy(), c.verify(), c.status(), c.rollback(), c.probe())
	root.AddCommand(c.man(), c.newCommand(), c.importCommand(), c.initCommand(), c.statsCommand())
	root.InitDefaultCompletionCmd()
	c.completions(root)
	return root
}

// check completes the global flags.
func (c *cli) check() error {
	if !slices.Contains(report.Formats, report.Format(c.format)) {
		given := c.format
		c.format = string(report.Text)
		return c.fail(fmt.Sprintf("unknown format %q", given), "it is one of text, json, github")
	}
	abs, err := filepath.Abs(c.source)
	if err != nil {
		return c.fail(err.Error(), "")
	}
	c.source = abs
	c.environmentGiven = c.environment != ""
	if c.environment == "" {
		c.environment = "production"
		for _, name := range []string{"HUGO_ENVIRONMENT", "HUGO_ENV"} {
			if v := os.Getenv(name); v != "" {
				c.environment, c.environmentGiven = v, true
				break
			}
		}
	}
	return nil
}

// fail reports wrong usage and returns the error that ends the command.
func (c *cli) fail(message, hint string) error {
	c.usageError(message, hint, "")
	return exitCode(exitUsage)
}

// usageError says what is wrong with a command. next is the command to give now,
// if it is another one.
func (c *cli) usageError(message, hint, next string) {
	switch {
	case c.command == "":
		c.command = "duskpress"
	case speaksOfProduction(c.command):
		o := &deploy.Outcome{Exit: exitUsage, Rule: "usage", Message: message, Hint: hint, Done: "nothing was done", Next: next}
		_ = c.endDeploy(o, time.Now())
		return
	}
	c.printer().Problems([]pipeline.Problem{{
		File: "command line", Severity: pipeline.Error, Rule: "usage", Message: oneLine(message), Hint: hint,
	}})
	c.printer().Summary(report.Summary{Command: c.command, Exit: exitUsage, Outcome: "nothing was done", Errors: 1})
}

// machine reports what the machine refuses and returns the error that ends the
// command.
func (c *cli) machine(err error) error {
	c.printer().Problems([]pipeline.Problem{{Severity: pipeline.Error, Rule: "machine", Message: oneLine(err.Error())}})
	c.printer().Summary(report.Summary{Command: c.command, Exit: exitProblems, Outcome: "not done", Errors: 1})
	return exitCode(exitProblems)
}

// done says how a command ended that makes no site.
func (c *cli) done(outcome string, notes ...string) {
	if !c.quiet {
		c.printer().Summary(report.Summary{Command: c.command, Outcome: outcome, Notes: notes})
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (c *cli) printer() report.Printer {
	return report.Printer{Out: c.stdout, Format: report.Format(c.format), Source: c.source, Color: !c.noColor && os.Getenv("NO_COLOR") == "" && isTerminal(c.stdout)}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

func (c *cli) log() *slog.Logger {
	level := slog.LevelWarn
	if c.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: level}))
}

// cacheDir is where results that can be made again are kept.
func (c *cli) cacheDir() string {
	if dir := os.Getenv("DUSKPRESS_CACHE_DIR"); dir != "" {
		if abs, err := filepath.Abs(dir); err == nil {
			return abs
		}
	}
	if dir := netlifyCache(); dir != "" {
		return dir
	}
	return filepath.Join(c.source, ".duskpress", "cache")
}
