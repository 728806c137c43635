package main

import (
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"duskpress/tools/hugo"
	"duskpress/tools/pipeline"
	"duskpress/tools/report"
)

// A usageError is wrong usage and what was probably meant.
type usageError struct{ message, hint string }

func (e *usageError) Error() string { return e.message }

// noSuchCommand refuses what follows a command that only has others below it.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			names = append(append(names, sub.Name()), sub.Aliases...)
		}
	}
	slices.Sort(names)
	hint := fmt.Sprintf("see `%s --help`", cmd.CommandPath())
	if near := pipeline.Nearest(args[0], names); near != "" {
		hint = fmt.Sprintf("did you mean `%s %s`?", cmd.CommandPath(), near)
	}
	return &usageError{fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath()), hint}
}

// noSuchFlag adds what was probably meant to what cobra says of a flag.
func noSuchFlag(cmd *cobra.Command, err error) error {
	hint := fmt.Sprintf("see `%s --help`", cmd.CommandPath())
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var own, all []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { own = append(own, f.Name) })
		slices.Sort(own)
		name := unknown.GetSpecifiedName()
		switch near := pipeline.Nearest(name, own); {
		case near != "":
			hint = fmt.Sprintf("did you mean --%s?", near)
		case len(name) > 1:
			// Perhaps the flag is another command's.
			for _, other := range cmd.Root().Commands() {
				if other.IsAvailableCommand() && other.Flags().Lookup(name) != nil {
					all = append(all, "`"+other.CommandPath()+"`")
				}
			}
			if len(all) > 0 {
				hint = fmt.Sprintf("--%s is a flag of %s", name, strings.Join(all, ", "))
			}
		}
	}
	return &usageError{err.Error(), hint}
}

// version names what the output of a build depends on most.
func version() string {
	s := "with Hugo v" + strings.TrimPrefix(hugo.Version(), "v")
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return s
	}
	for _, lib := range []struct{ name, path string }{{"minify", "github.com/tdewolff/minify/v2"}, {"Chroma", "github.com/alecthomas/chroma/v2"}} {
		for _, dep := range info.Deps {
			if dep.Path == lib.path {
				s += ", " + lib.name + " " + dep.Version
			}
		}
	}
	return s + ", " + info.GoVersion
}

// oneOf completes a flag with the values that it can have.
func oneOf(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// installed says how each shell gets its script.
var installed = map[string]string{
	"bash":       "  duskpress completion bash > ~/.local/share/bash-completion/completions/duskpress",
	"zsh":        "  duskpress completion zsh > \"${fpath[1]}/_duskpress\"",
	"fish":       "  duskpress completion fish > ~/.config/fish/completions/duskpress.fish",
	"powershell": "  duskpress completion powershell | Out-String | Invoke-Expression",
}

// completions gives the flags of all commands their values, so that a shell
// offers what can follow.
func (c *cli) completions(root *cobra.Command) {
	var formats []string
	for _, f := range report.Formats {
		formats = append(formats, string(f))
	}
	values := map[string]cobra.CompletionFunc{
		"environment": oneOf("production", "development"),
		"format":      oneOf(formats...),
		"target":      oneOf("local", "live", "file"),
		"editor":      oneOf(slices.Sorted(maps.Keys(editors))...),
	}
	for _, dir := range []string{"source", "destination", "contentDir", "layoutDir", "themesDir", "configDir", "cacheDir"} {
		values[dir] = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	}
	for _, none := range []string{"baseURL", "clock", "port", "ignoreVendorPaths", "bind"} {
		values[none] = cobra.NoFileCompletions
	}
	if completion, _, err := root.Find([]string{"completion"}); err == nil && completion != root {
		completion.Example = "  duskpress completion bash > ~/.local/share/bash-completion/completions/duskpress"
		for _, shell := range completion.Commands() {
			shell.Example = installed[shell.Name()]
		}
	}
	for _, cmd := range append(root.Commands(), root) {
		for name, complete := range values {
			if cmd.LocalFlags().Lookup(name) == nil {
				continue
			}
			if _, done := cmd.GetFlagCompletionFunc(name); !done {
				_ = cmd.RegisterFlagCompletionFunc(name, complete) // fails only where it is done already
			}
		}
		if cmd.ValidArgsFunction == nil && cmd.Args != nil && len(cmd.ValidArgs) == 0 && cmd.Args(cmd, []string{"x"}) != nil {
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
}
