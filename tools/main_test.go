package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"duskpress/tools/internal/sitetest"
)

func TestMain(m *testing.M) {
	registerTestPlugins()
	testscript.Main(cleaning{m}, map[string]func(){"duskpress": main})
}

type cleaning struct{ *testing.M }

func (c cleaning) Run() int {
	defer sitetest.Clean()
	return c.M.Run()
}

// TestScript runs each script of testdata/script against the real main. A
// script's files are its site; `site` writes the least theme, with templates
// for every kind of page.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("TZ", "UTC")
			env.Setenv("REPO", sitetest.Root(t))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"damage":   cmdDamage,
			"fetch":    cmdFetch,
			"port":     cmdPort,
			"serving":  cmdServing,
			"waitfor":  cmdWaitFor,
			"site":     cmdSite,
			"repo":     cmdRepo,
			"same":     cmdSame,
			"snapshot": cmdSnapshot,
		},
		UpdateScripts: os.Getenv("DUSKPRESS_UPDATE") != "",
	})
}
