package publish

import (
	"testing"

	"duskpress/tools/internal/testenv"
)

func asNobody(t *testing.T) { testenv.Lacks(t, testenv.System, "no such user") }
