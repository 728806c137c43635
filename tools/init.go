package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"duskpress/tools/starter"
)

type initFlags struct {
	starter.Options
	tools bool
}

func (c *cli) initCommand() *cobra.Command {
	var flags initFlags
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Start a site: theme, configuration, a first note; it builds at once",
		Long: "Start a site: theme, configuration, a first note; it builds at once.\n\n" +
			"The files are part of this tool, so it needs neither a network nor a copy of the repository. " +
			"With --with-tools the site gets the press itself too, and is built with `go run ./tools build`, also by its host.",
		Example: "  duskpress init notes && cd notes && duskpress build\n" +
			"  duskpress init notes --title \"What I saw\" --baseURL https://notes.example.org/\n" +
			"  duskpress init ../notes --with-tools",
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(_ *cobra.Command, args []string) error { return c.runInit(&flags, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.Title, "title", "", "name of the site")
	f.StringVar(&flags.Description, "description", "", "the site in one sentence")
	f.StringVarP(&flags.BaseURL, "baseURL", "b", "", "address of the site's root")
	f.BoolVar(&flags.tools, "with-tools", false, "copy the press from the repository at --source, as Go source")
	for _, name := range []string{"title", "description"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return cmd
}

func (c *cli) runInit(flags *initFlags, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return c.fail(err.Error(), "")
	}
	o := flags.Options
	o.Dir, o.Today = abs, time.Now().UTC()
	if u, err := url.Parse(o.BaseURL); o.BaseURL != "" && (err != nil || u.Scheme == "" || u.Host == "") {
		return c.fail(fmt.Sprintf("--baseURL %q is no address", o.BaseURL), "such as https://notes.example.org/")
	}
	command := self()
	if flags.tools {
		if !starter.IsRepository(c.source) {
			return c.fail(fmt.Sprintf("--with-tools copies the press, and it is not in %s", c.source), "run it in a clone of the press, or name that with --source")
		}
		o.Repository, command = c.source, "go run ./tools"
	}
	names, err := starter.Make(o)
	if err != nil {
		return c.fail(oneLine(err.Error()), "name a directory that is empty, or not there yet")
	}
	notes := []string{fmt.Sprintf("next: cd %s && %s build", dir, command)}
	if o.BaseURL == "" {
		notes = append(notes, "its address is https://notes.example/ until you set baseURL in config.toml")
	}
	c.done(fmt.Sprintf("a site in %s, %s", c.relative(abs), files(len(names))), notes...)
	return nil
}
