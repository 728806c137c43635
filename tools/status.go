package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"duskpress/tools/deploy"
	"duskpress/tools/report"
)

func (c *cli) status() *cobra.Command {
	var flags hostFlags
	var destination string
	var unlock bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show side by side what is built, what was verified, and what the host has; say where they disagree",
		Example: "  duskpress status\n" +
			"  duskpress status --format json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			start := time.Now()
			o, err := c.host(&flags)
			if err != nil {
				return err
			}
			if unlock {
				lock, err := c.deployLock(o)
				if err != nil {
					return c.notDeployed(err, start)
				}
				out := deploy.RunUnlock(cmd.Context(), o)
				lock.Close()
				if out.Exit != 0 {
					return c.endDeploy(out, start)
				}
			}
			if o.Freeze, err = freeze(c.publicDir(destination)); err != nil {
				return c.notDeployed(err, start)
			}
			s, err := deploy.RunStatus(cmd.Context(), o)
			if err != nil {
				return c.notDeployed(err, start)
			}
			return c.showStatus(s)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVarP(&destination, "destination", "d", "", "the built site (default public)")
	cmd.Flags().BoolVar(&unlock, "unlock", false, "let the host publish again")
	return cmd
}

func (c *cli) showStatus(s *deploy.Status) error {
	word := "they agree"
	if len(s.Flags) > 0 {
		word = report.Count(len(s.Flags), "thing") + " to look at"
	}
	if report.Format(c.format) == report.JSON {
		line, err := json.Marshal(struct {
			Command string `json:"command"`
			*deploy.Status
			Changed bool `json:"production_changed"`
		}{"status", s, false})
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s\n", line)
	} else {
		short := func(fp string) string { return fp[:min(12, len(fp))] }
		w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintf(w, "\tbuilt here\tverified last\tat the host\n")
		row := func(cells ...string) {
			for i, cell := range cells {
				if cell == "" {
					cells[i] = "-"
				}
			}
			fmt.Fprintln(w, strings.Join(cells, "\t"))
		}
		var verified deploy.Receipt
		if s.Journal.Verified != nil {
			verified = *s.Journal.Verified
		}
		row("deploy", "", s.Journal.ID, s.Host.Live)
		row("content", short(s.Local.Fingerprint), short(verified.Fingerprint), short(s.Host.Fingerprint))
		files := func(n int) string {
			if n == 0 {
				return ""
			}
			return report.Count(n, "file")
		}
		row("files", files(s.Local.Files), files(verified.Proof.Of), "")
		row("when", "", s.Journal.At, s.Host.Published)
		row("address", "", verified.URL, s.Host.URL)
		if err := w.Flush(); err != nil {
			return err
		}
		if s.Local.Error != "" {
			fmt.Fprintf(c.stdout, "note: what is built here: %s\n", oneLine(s.Local.Error))
		}
		if len(s.Journal.Earlier) > 0 {
			fmt.Fprintf(c.stdout, "note: verified earlier: %s\n", strings.Join(s.Journal.Earlier[:min(5, len(s.Journal.Earlier))], ", "))
		}
		for _, f := range s.Flags {
			fmt.Fprintf(c.stdout, "look: %s\n", oneLine(f))
		}
		next := s.Next
		if next != "" {
			next = "; next: " + next
		}
		fmt.Fprintf(c.stdout, "status: %s; %s%s, exit=%d\n", word, deploy.Unchanged, next, s.Exit)
	}
	if s.Exit == 0 {
		return nil
	}
	return exitCode(s.Exit)
}
