package browser

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"

	"duskpress/tools/internal/sitetest"
)

var update = flag.Bool("update", false, "take the screenshots of the README again")

// shots are the README's pictures.
var shots = []struct {
	file   string
	page   string
	dark   bool
	width  int64
	height int64
}{
	{"home-light.webp", "/", false, 1280, 720},
	{"home-dark.webp", "/", true, 1280, 720},
	{"post-light.webp", "/posts/same-bytes/", false, 1280, 720},
	{"post-dark.webp", "/posts/same-bytes/", true, 1280, 720},
}

// TestScreenshots checks the README's pictures. It takes them with
//
//	go test ./tools/internal/browser -run TestScreenshots -update
func TestScreenshots(t *testing.T) {
	images := filepath.Join(sitetest.Root(t), "theme", "images")
	if *update {
		b := Start(t)
		dir := t.TempDir()
		address := Serve(t, filepath.Join(dir, "public"))
		sitetest.CopyRepoSite(t, dir)
		sitetest.MustBuild(t, dir, "-b", address+"/")
		for _, s := range shots {
			tab := b.Open(t, View{int(s.width), s.dark})
			call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.width, Height: s.height, DeviceScaleFactor: 1})
			call(tab, emulation.SetScrollbarsHidden, emulation.SetScrollbarsHiddenParams{Hidden: true})
			tab.Visit(address + s.page)
			quality := int64(32)
			shot := call(tab, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: "webp", Quality: &quality})
			if err := os.WriteFile(filepath.Join(images, s.file), shot.Data, 0o666); err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %d bytes", s.file, len(shot.Data))
		}
	}
	readme, err := os.ReadFile(filepath.Join(sitetest.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, s := range shots {
		data, err := os.ReadFile(filepath.Join(images, s.file))
		if err != nil {
			t.Fatal(err)
		}
		total += len(data)
		if !bytes.HasPrefix(data, []byte("RIFF")) || !bytes.HasPrefix(data[8:], []byte("WEBP")) {
			t.Errorf("%s is no WebP", s.file)
		}
		if !strings.Contains(string(readme), "theme/images/"+s.file) {
			t.Errorf("the README does not show %s", s.file)
		}
	}
	if total >= 150_000 {
		t.Errorf("the pictures have %d bytes together", total)
	}
}
