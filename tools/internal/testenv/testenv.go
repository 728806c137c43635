// Package testenv has what tests ask of the machine that they run on.
package testenv

import (
	"fmt"
	"os"
	"testing"
)

// Variables of the environment that, set to 1, turn what this machine lacks from
// a reason to skip a test into a failure: no test may go missing in CI.
const (
	// Browser is for Chromium, and for what judges its pages.
	Browser = "DUSKPRESS_REQUIRE_BROWSER"
	// System is for what the operating system has to allow: mounts, processes
	// of another user, symbolic links.
	System = "DUSKPRESS_REQUIRE_SYSTEM"
	// HTTPYac is for the program that sends the probes a second time.
	HTTPYac = "DUSKPRESS_REQUIRE_HTTPYAC"
)

// Lacks skips a test, aloud, for what this machine does not have or allow; it
// fails it where that is required.
func Lacks(t testing.TB, required, format string, args ...any) {
	t.Helper()
	why := fmt.Sprintf(format, args...)
	if os.Getenv(required) == "1" {
		t.Fatalf("%s, and %s=1", why, required)
	}
	t.Skip("SKIPPED: " + why)
}
