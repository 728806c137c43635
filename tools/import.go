package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	slashpath "path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cast"
	"github.com/spf13/cobra"

	"duskpress/tools/convert"
	"duskpress/tools/note"
	"duskpress/tools/pipeline"
	"duskpress/tools/plugins"
	"duskpress/tools/report"
)

type importFlags struct {
	write bool
	to    string
	form  string
}

func (c *cli) importCommand() *cobra.Command {
	var flags importFlags
	cmd := &cobra.Command{
		Use:   "import PATH",
		Short: "Turn other posts into posts with front matter: headings as metadata, Jekyll, plain Markdown",
		Long: "Turn other posts into posts with front matter: headings as metadata, Jekyll, plain Markdown.\n\n" +
			"What lies in the site's content is converted in place; the rest is copied into it, pictures beside their posts, and stays as it is. " +
			"First the differences are shown; nothing is written without --write, or a yes to the question on a terminal. " +
			"What could not be converted is named with its line. A second run has nothing to do.",
		Example: "  duskpress import content/posts\n" +
			"  duskpress import ../old-blog --write\n" +
			"  duskpress import ~/notes --to posts/notes --form yaml",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runImport(cmd.Context(), &flags, args[0])
		},
	}
	cmd.Flags().BoolVar(&flags.write, "write", false, "write the files, and ask nothing")
	cmd.Flags().StringVar(&flags.to, "to", "", "directory below content/ for what comes from elsewhere (default the main section)")
	cmd.Flags().StringVar(&flags.form, "form", "", "front matter in toml or yaml (default yaml where it was, else toml)")
	_ = cmd.RegisterFlagCompletionFunc("form", oneOf(string(note.TOML), string(note.YAML)))
	return cmd
}

func (c *cli) runImport(ctx context.Context, flags *importFlags, path string) error {
	if !slices.Contains([]string{"", string(note.TOML), string(note.YAML)}, flags.form) {
		return c.fail(fmt.Sprintf("unknown form %q", flags.form), "it is toml or yaml")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return c.fail(err.Error(), "")
	}
	if _, err := os.Stat(abs); err != nil {
		return c.fail(fmt.Sprintf("%s cannot be read: %v", path, err), "name a file or directory of Markdown")
	}
	hugoFlags := &buildFlags{}
	hugoFlags.add(&cobra.Command{})
	p := c.quietly(hugoFlags)
	engine, _, err := p.load(ctx)
	if engine != nil {
		defer engine.Close()
	}
	if err != nil {
		return p.finish(ctx, err)
	}
	content := engine.ContentDir()
	if rel, err := filepath.Rel(abs, content); err == nil && rel != "." && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return c.fail(fmt.Sprintf("%s holds the site's own content", path), "name a directory of posts, or "+c.relative(content))
	}
	section := "posts"
	if main, _ := engine.Settings().Section("mainSections").([]string); len(main) > 0 {
		section = main[0]
	}
	to := slashpath.Clean("/" + filepath.ToSlash(flags.to))[1:]
	if flags.to == "" {
		to = section
	}
	plan, err := convert.Make(convert.Options{
		Path: abs, Content: content, To: to, Form: note.Form(flags.form),
		Section: cmpOr(pluginOption(engine.Settings(), "headings", "section"), "posts"), Name: c.relative,
		Headings: func(src []byte) *convert.Headings {
			m := plugins.ReadHeadings(src)
			if m == nil {
				return nil
			}
			return &convert.Headings{Title: m.Title, Date: m.Date, Description: m.Description, Tags: m.Tags, Lines: m.Lines, Shift: m.Shift, Problems: m.Problems}
		},
	})
	if err != nil {
		return c.machine(err)
	}
	return p.carryOut(plan, flags)
}

// carryOut shows a plan and does it, if that is wanted.
func (p *press) carryOut(plan *convert.Plan, flags *importFlags) error {
	open := plan.Open()
	if !p.quiet {
		p.showChanges(open)
	}
	if err := p.printer().Problems(plan.Problems); err != nil {
		return err
	}
	p.summary.Warnings = len(plan.Problems)
	if done := len(plan.Changes) - len(open) + plan.Passed; done > 0 {
		p.summary.Notes = append(p.summary.Notes, "nothing to do for "+files(done))
	}
	write := flags.write
	if !write && len(open) > 0 && !p.quiet && report.Format(p.format) == report.Text && isatty.IsTerminal(os.Stdin.Fd()) {
		fmt.Fprintf(p.stderr, "Write %s? [y/N] ", files(len(open)))
		answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		write = strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y")
	}
	p.summary.Outcome = "nothing to do"
	switch {
	case len(open) > 0 && !write:
		p.summary.Outcome = fmt.Sprintf("nothing was written; --write writes %s", files(len(open)))
	case len(open) > 0:
		written := 0
		for _, change := range open {
			if err := change.Write(); err != nil {
				return p.halfway(written, err)
			}
			written++
		}
		p.summary.Outcome = "wrote " + files(written)
		p.summary.Notes = append(p.summary.Notes, "next: "+self()+" check")
	}
	p.summary.Duration = time.Since(p.start)
	if !p.quiet {
		p.printer().Summary(p.summary)
	}
	return nil
}

// halfway says what a write that failed has done: a second run goes on there.
func (p *press) halfway(written int, err error) error {
	perr := p.printer().Problems([]pipeline.Problem{{Severity: pipeline.Error, Rule: "machine", Message: oneLine(err.Error()), Hint: "mend that and run the command again: it goes on with the rest"}})
	p.summary.Errors, p.summary.Exit = 1, exitProblems
	p.summary.Outcome, p.summary.Duration = fmt.Sprintf("wrote %s, and then no more", files(written)), time.Since(p.start)
	p.printer().Summary(p.summary)
	if perr != nil {
		return perr
	}
	return exitCode(exitProblems)
}

// showChanges prints the differences that a plan makes.
func (p *press) showChanges(changes []*convert.Change) {
	for _, change := range changes {
		from, to := p.relative(change.From), p.relative(change.To)
		text := diff.Diff(from, change.Old, to, change.New)
		var copies []string
		for _, f := range change.Files {
			copies = append(copies, fmt.Sprintf("%s -> %s", p.relative(f.From), p.relative(f.To)))
		}
		if report.Format(p.format) == report.JSON {
			line, err := json.Marshal(map[string]any{"from": from, "to": to, "diff": string(text), "copies": append([]string{}, copies...)})
			if err == nil {
				fmt.Fprintf(p.stdout, "%s\n", line)
			}
			continue
		}
		p.stdout.Write(text)
		for _, line := range copies {
			fmt.Fprintf(p.stdout, "copy %s\n", line)
		}
		if change.Replaces {
			fmt.Fprintf(p.stdout, "remove %s\n", from)
		}
	}
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// pluginOption is what the configuration sets for a plugin, as text; empty if
// it sets nothing.
func pluginOption(s pipeline.Settings, plugin, key string) string {
	all, _ := s.Params["plugins"].(map[string]any)
	table, _ := all[plugin].(map[string]any)
	return cast.ToString(table[key])
}
