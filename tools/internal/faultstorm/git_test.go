package faultstorm

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

var hasGit = func() bool {
	_, err := exec.LookPath("git")
	return err == nil
}()

// shallow makes the site a clone without its history.
func shallow(t *testing.T, dir string) {
	for _, args := range []string{"init -q", "add .", "-c user.name=x -c user.email=x@example.org commit -q -m x"} {
		if out, exit := sitetest.Run(t, dir, "git", strings.Fields(args)...); exit != 0 {
			t.Fatalf("git %s: %s", args, out)
		}
	}
	head, _ := sitetest.Run(t, dir, "git", "rev-parse", "HEAD")
	sitetest.Write(t, filepath.Join(dir, ".git", "shallow"), head)
}
