package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (c *cli) man() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a manual page for every command into a directory",
		Long:  "Write a manual page for every command into a directory. They are made of what --help says.",
		Example: "  duskpress man ~/.local/share/man/man1\n" +
			"  duskpress man . && man ./duskpress-build.1",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runMan(cmd.Root(), args[0])
		},
	}
}

func (c *cli) runMan(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return c.machine(err)
	}
	at := commitTime()
	header := &doc.GenManHeader{Section: "1", Date: &at, Source: "Duskpress " + version(), Manual: "Duskpress"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return c.machine(err)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "duskpress*.1"))
	if err != nil {
		return c.machine(err)
	}
	c.done(fmt.Sprintf("%d manual pages in %s", len(pages), dir))
	return nil
}

// commitTime dates the pages: by the commit that the tool was made from, so
// that they are the same whenever they are written.
func commitTime() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil && s.Key == "vcs.time" {
				return t
			}
		}
	}
	return time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
}
