// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ininjo/poa/kanji"
)

// TitleKey is something to type on a body's search page.
type TitleKey string

// Keys to type.
const (
	KeyNumber      TitleKey = "NUMBER"
	KeyName        TitleKey = "NAME"
	KeyKana        TitleKey = "KANA"
	KeyOffice      TitleKey = "OFFICE"
	KeyPrefecture  TitleKey = "PREFECTURE"
	KeyAssociation TitleKey = "ASSOCIATION"
)

// TitleKeys lists every key.
var TitleKeys = []TitleKey{KeyNumber, KeyName, KeyKana, KeyOffice, KeyPrefecture, KeyAssociation}

// ProfessionalBody is a 資格団体 (4.1.3) as the newest version describes it: data
// that staff correct. No page of a body is ever fetched by the program.
type ProfessionalBody struct {
	Qualification Qualification
	Version       int
	NameJA        string
	NameEN        string
	// SearchURL is the page on which a person looks; empty where it is not known.
	SearchURL string
	// Keys are what to type there.
	Keys []TitleKey
	// NumberPattern is a regular expression for the whole registration number
	// after NFKC. It warns and never refuses: the forms are not confirmed.
	NumberPattern string
	NumberExample string
	// Uncertain says what of all this is not confirmed.
	Uncertain string
	Telephone string
	Usage     string
	Terms     string
	// ConnectorPerSecond bounds what a connector asks, HandPerDay how many
	// re-checks by hand are put before the desk each day.
	ConnectorPerSecond float64
	HandPerDay         int
	RecordedBy         string
	RecordedAt         time.Time
}

// NumberFits reports whether a registration number has the form that the body's
// numbers are believed to have. Any number fits a body without a form.
func (b ProfessionalBody) NumberFits(number string) bool {
	if b.NumberPattern == "" {
		return true
	}
	form, err := regexp.Compile("^(?:" + b.NumberPattern + ")$")
	return err != nil || form.MatchString(foldNumber(number))
}

// foldNumber is a registration number as it is compared: NFKC, without spaces.
func foldNumber(number string) string {
	return strings.Join(strings.Fields(kanji.NFKC(number)), "")
}

// BodyInput is a correction of a professional body.
type BodyInput struct {
	IdempotencyKey string        `json:"idempotencyKey" validate:"required,max=128,line"`
	Qualification  Qualification `json:"qualification" validate:"required,oneof=ATTORNEY JUDICIAL_SCRIVENER CERTIFIED_ADMINISTRATIVE_PROCEDURES_LEGAL_SPECIALIST LAND_AND_HOUSE_INVESTIGATOR PATENT_ATTORNEY CERTIFIED_PUBLIC_TAX_ACCOUNTANT LABOR_AND_SOCIAL_SECURITY_ATTORNEY CERTIFIED_PUBLIC_ACCOUNTANT"`
	// Version is the one that the correction was made on: another's correction
	// meanwhile is a conflict.
	Version            int        `json:"version"`
	NameJA             string     `json:"nameJa" validate:"required,max=100,line"`
	NameEN             string     `json:"nameEn" validate:"required,max=200,line"`
	SearchURL          string     `json:"searchUrl" validate:"max=500,line"`
	Keys               []TitleKey `json:"keys" validate:"max=6,dive,oneof=NUMBER NAME KANA OFFICE PREFECTURE ASSOCIATION"`
	NumberPattern      string     `json:"numberPattern" validate:"max=200,line"`
	NumberExample      string     `json:"numberExample" validate:"max=100,line"`
	Uncertain          string     `json:"uncertain" validate:"max=500,text"`
	Telephone          string     `json:"telephone" validate:"max=30,line"`
	Usage              string     `json:"usage" validate:"max=1000,text"`
	Terms              string     `json:"terms" validate:"max=1000,text"`
	ConnectorPerSecond float64    `json:"connectorPerSecond" validate:"gt=0,lte=100"`
	HandPerDay         int        `json:"handPerDay" validate:"gte=1,lte=100000"`
}

// Bodies lists the eight professional bodies, the newest version of each, to
// staff who see parties.
func (t *Titles) Bodies(ctx context.Context, actor Actor) ([]ProfessionalBody, error) {
	if err := t.permit(ctx, actor, MaySeeParties, ActionTitlesRead); err != nil {
		return nil, err
	}
	bodies, err := t.store.ProfessionalBodies(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading professional bodies: %w", err)
	}
	slices.SortFunc(bodies, func(a, b ProfessionalBody) int {
		return slices.Index(Qualifications, a.Qualification) - slices.Index(Qualifications, b.Qualification)
	})
	return bodies, nil
}

// BodyVersions returns every version of a body, the newest first, to staff.
func (t *Titles) BodyVersions(ctx context.Context, actor Actor, q Qualification) ([]ProfessionalBody, error) {
	if err := t.permit(ctx, actor, MaySeeParties, ActionTitlesRead); err != nil {
		return nil, err
	}
	if !slices.Contains(Qualifications, q) {
		return nil, ErrNotFound
	}
	return t.store.BodyVersions(ctx, q)
}

// CorrectBody records a new version of a body: who, when and what stay, and the
// newest counts from now on.
func (t *Titles) CorrectBody(ctx context.Context, actor Actor, in BodyInput) error {
	if err := t.permit(ctx, actor, MayCorrectBodies, ActionBodyCorrected); err != nil {
		return err
	}
	_, err := t.perform(ctx, actor, ActionBodyCorrected, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkBody(in).Err(); err != nil {
			return "", err
		}
		a.note("version", fmt.Sprint(in.Version+1))
		return string(in.Qualification), a.InsertBody(ctx, ProfessionalBody{Qualification: in.Qualification, Version: in.Version + 1, NameJA: in.NameJA, NameEN: in.NameEN,
			SearchURL: in.SearchURL, Keys: in.Keys, NumberPattern: in.NumberPattern, NumberExample: in.NumberExample, Uncertain: in.Uncertain, Telephone: in.Telephone,
			Usage: in.Usage, Terms: in.Terms, ConnectorPerSecond: in.ConnectorPerSecond, HandPerDay: in.HandPerDay, RecordedBy: a.actor.ID, RecordedAt: a.now})
	})
	return err
}

func checkBody(in BodyInput) Faults {
	faults := checkInput(in)
	if in.SearchURL != "" {
		if u, err := url.Parse(in.SearchURL); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			faults.Add(CodeInvalid, "searchUrl")
		}
	}
	form, err := regexp.Compile("^(?:" + in.NumberPattern + ")$")
	switch {
	case err != nil:
		faults.Add(CodeInvalid, "numberPattern")
	case in.NumberPattern != "" && in.NumberExample != "" && utf8.RuneCountInString(in.NumberExample) <= 100 && !form.MatchString(foldNumber(in.NumberExample)):
		faults.Add(CodeInvalid, "numberExample")
	}
	if in.Version < 1 {
		faults.Add(CodeInvalid, "version")
	}
	return faults
}

// NumberNote tells a delegator and reception whether the registration number of
// a draft has another form than the body's numbers are believed to have. It is
// a warning: nothing is refused for it. False where no qualification is claimed.
func (t *Titles) NumberNote(ctx context.Context, d Delegation) (ProfessionalBody, bool, error) {
	if d.Contents.Delegate.Qualification == "" {
		return ProfessionalBody{}, false, nil
	}
	versions, err := t.store.BodyVersions(ctx, d.Contents.Delegate.Qualification)
	if err != nil || len(versions) == 0 {
		return ProfessionalBody{}, false, err
	}
	return versions[0], !versions[0].NumberFits(d.Contents.Delegate.Identification), nil
}
