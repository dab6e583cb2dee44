// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"

	"ininjo/poa/document"
)

func aLetter() document.Letter {
	return document.Letter{Language: "ja", Number: "ltr_1", Name: "例示株式会社", Address: "東京都千代田区霞が関１－１－１", Title: "代表取締役", Person: "山田　太郎",
		Service: "Ininjo 電子委任状サービス", Contact: "窓口 https://ininjo.example", Hours: "営業日 9:00–17:00", Subject: "サービスの終了について",
		Text: "いつもご利用いただきありがとうございます。\n\n本サービスは終了します。\n" + strings.Repeat("手続きのご案内です。", 30), Link: "https://ininjo.example/repository/trm_1", Date: "2026-11-26"}
}

// read validates a PDF by one library and reads its text by another.
func read(t *testing.T, file []byte) (text string, pages int) {
	t.Helper()
	if err := api.Validate(bytes.NewReader(file), nil); err != nil {
		t.Fatal(err)
	}
	pages, err := api.PageCount(bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("pdftotext", "-layout", "-", "-")
	command.Stdin = bytes.NewReader(file)
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out), pages
}

func TestLetters(t *testing.T) {
	t.Parallel()
	t.Run("a letter says who it is for, from whom and what", func(t *testing.T) {
		t.Parallel()
		file, err := document.Letters([]document.Letter{aLetter()})
		if err != nil {
			t.Fatal(err)
		}
		text, pages := read(t, file)
		for _, want := range []string{"例示株式会社 御中", "山田 太郎 様", "霞が関", "2026年11月26日", "サービスの終了について", "本サービスは終了します。", "https://ininjo.example/repository/trm_1", "ltr_1", "1/1", "窓口"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		if pages != 1 {
			t.Errorf("%d pages", pages)
		}
	})
	t.Run("the address stands in the window of the envelope", func(t *testing.T) {
		t.Parallel()
		for _, l := range []document.Letter{aLetter(), long()} {
			file, err := document.Letters([]document.Letter{l})
			if err != nil {
				t.Fatal(err)
			}
			// 90 by 45 mm, 22 mm from the left and 20 mm from the top, in points.
			command := exec.Command("pdftotext", "-layout", "-l", "1", "-x", "62", "-y", "57", "-W", "255", "-H", "128", "-", "-")
			command.Stdin = bytes.NewReader(file)
			out, err := command.Output()
			if err != nil {
				t.Fatal(err)
			}
			if text := string(out); !strings.Contains(text, "東京都") || !strings.Contains(text, "様") || !strings.Contains(text, "御中") || strings.Contains(text, l.Subject) {
				t.Errorf("in the window:\n%s", text)
			}
		}
	})
}

func TestManyLetters(t *testing.T) {
	t.Parallel()
	t.Run("several letters are one file, each on its own sheets", func(t *testing.T) {
		t.Parallel()
		var all []document.Letter
		for i := range 3 {
			l := aLetter()
			l.Number = fmt.Sprintf("ltr_%d", i)
			if i == 1 {
				l.Text = strings.Repeat("長いお知らせです。", 400)
			}
			all = append(all, l)
		}
		file, err := document.Letters(all)
		if err != nil {
			t.Fatal(err)
		}
		text, pages := read(t, file)
		if pages < 4 || strings.Count(text, "1/1") != 2 || strings.Count(text, "御中") != 3 {
			t.Errorf("%d pages\n%s", pages, text)
		}
	})
	t.Run("a character that the font has not is told, and stops no letter", func(t *testing.T) {
		t.Parallel()
		l := aLetter()
		l.Person, l.Name = "\U000300AA太郎", "辻\U000E0100商店\u202e\x00"
		file, err := document.Letters([]document.Letter{l})
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := read(t, file); !strings.Contains(text, "〓太郎") || !strings.Contains(text, "辻商店") {
			t.Error(text)
		}
	})
	t.Run("a letter without end is refused", func(t *testing.T) {
		t.Parallel()
		l := aLetter()
		l.Text = strings.Repeat("長い。\n", 2000)
		if _, err := document.Letters([]document.Letter{l}); err == nil {
			t.Error("drawn")
		}
	})
	t.Run("in English", func(t *testing.T) {
		t.Parallel()
		l := aLetter()
		l.Language, l.Subject = "en", "The service closes"
		file, err := document.Letters([]document.Letter{l})
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := read(t, file); !strings.Contains(text, "The service closes") || !strings.Contains(text, "This notice is published at") || strings.Contains(text, "御中") {
			t.Error(text)
		}
	})
}

func long() document.Letter {
	l := aLetter()
	l.Name, l.Address, l.Person = "株式会社"+strings.Repeat("例示", 60), "東京都"+strings.Repeat("千代田区霞が関", 20), strings.Repeat("寿限無", 20)
	return l
}
