// SPDX-License-Identifier: Apache-2.0

package document

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// pageItem is a row of the page: a label and one or more texts beside it.
type pageItem struct {
	label string
	texts []string
	// numbered texts are counted: (1), (2) and so on.
	numbered bool
	// where is the item's place in faults, as of XML.
	where string
}

type pageSection struct {
	heading string
	items   []pageItem
}

const (
	pageTitle = "電子委任状"
	pageIntro = "委任者は、下記の受任者を代理人と定め、下記の代理権を授与します。"
	nothing   = "（なし）"
)

// pageSections are the items of table 4-1 as a reader sees them, every one.
func pageSections(c Content) []pageSection {
	return []pageSection{
		{"委任状", []pageItem{
			one("電子委任状ID", c.DelegationID, "DelegationID"),
			one("作成日時", spokenInstant(c.DraftedAt), "DraftedAt")}},
		{spokenKind(c.Mandator.Kind), mandatorItems(c.Mandator)},
		{"受任者", []pageItem{
			one("氏名", c.Delegate.Name, "Delegate/Name"),
			one("役職・肩書", c.Delegate.Title, "Delegate/Title"),
			one("資格（士業）", spokenQualification(c.Delegate.Qualification), "Delegate/Qualification"),
			one("住所", c.Delegate.Address, "Delegate/Address"),
			one("識別ID", c.Delegate.IdentificationID, "Delegate/IdentificationID")}},
		{"委任の内容", mandateItems(c)},
		{"電子委任状取扱事業者", []pageItem{
			one("名称", c.Service.Name, "Service/Name"),
			one("規程の公表先", c.Service.PolicyURL, "Service/PolicyURL"),
			one("規程のOID", c.Service.PolicyOID, "Service/PolicyOID"),
			one("有効性の問合せ先", c.Service.ValidityURL, "Service/ValidityURL"),
			one("状態リストと位置", c.Status.ListURI+" の "+strconv.Itoa(c.Status.Index)+" 番", "Status/ListURI")}},
	}
}

func one(label, text, where string) pageItem {
	if text == "" {
		text = nothing
	}
	return pageItem{label: label, texts: []string{text}, where: where}
}

func spokenKind(kind string) string {
	if kind == KindSoleProprietor {
		return "委任者（個人事業主）"
	}
	return "委任者（法人）"
}

func mandatorItems(m Mandator) []pageItem {
	if m.Kind == KindSoleProprietor {
		const at = "Mandator/SoleProprietor/"
		return []pageItem{
			one("屋号", m.BusinessName, at+"BusinessName"),
			one("氏名", m.PersonName, at+"PersonName"),
			one("事業所の所在地", m.BusinessAddress, at+"BusinessAddress"),
			one("生年月日", spokenDate(m.BirthDate), at+"BirthDate")}
	}
	const at = "Mandator/Corporation/"
	return []pageItem{
		one("法人番号", m.CorporateNumber, at+"CorporateNumber"),
		one("商号・名称", m.Name, at+"Name"),
		one("本店・主たる事務所", m.HeadOffice, at+"HeadOffice"),
		one("代表者の役職", m.RepresentativeTitle, at+"RepresentativeTitle"),
		one("代表者の氏名", m.RepresentativeName, at+"RepresentativeName")}
}

func mandateItems(c Content) []pageItem {
	limits := pageItem{label: "代理権の制限", texts: c.Limits, numbered: true, where: "Mandate/Limits/Limit"}
	if len(c.Limits) == 0 {
		limits = one(limits.label, "（代理権の内容の範囲で制限なし）", limits.where)
	}
	sub := "できない"
	if c.SubDelegation {
		sub = "できる"
	}
	return []pageItem{
		{label: "代理権の内容", texts: c.Powers, numbered: true, where: "Mandate/Powers/Power"},
		limits,
		one("復代理人の選任", sub, "Mandate/SubDelegation"),
		one("有効期間", spokenDate(c.ValidFrom)+"から"+spokenDate(c.ValidThrough)+"まで（初日と末日を含む）", "Mandate/ValidFrom")}
}

// spokenDate writes YYYY-MM-DD as 2026年6月1日.
func spokenDate(day string) string {
	t, err := time.Parse(dateLayout, day)
	if err != nil {
		return day // the XML refused it already
	}
	return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
}

// spokenInstant writes an instant in Japan's time, which has had no summer time
// since 1951, and exactly.
func spokenInstant(t time.Time) string {
	t = t.In(time.FixedZone("JST", 9*60*60))
	return fmt.Sprintf("%d年%d月%d日 %s（日本時間）", t.Year(), t.Month(), t.Day(), t.Format("15:04:05.000000"))
}

// qualifications are the titles whose bodies the service asks.
var qualifications = map[string]string{
	"ATTORNEY":                        "弁護士",
	"JUDICIAL_SCRIVENER":              "司法書士",
	"PATENT_ATTORNEY":                 "弁理士",
	"CERTIFIED_PUBLIC_ACCOUNTANT":     "公認会計士",
	"CERTIFIED_PUBLIC_TAX_ACCOUNTANT": "税理士",
	"CERTIFIED_ADMINISTRATIVE_PROCEDURES_LEGAL_SPECIALIST": "行政書士",
	"LAND_AND_HOUSE_INVESTIGATOR":                          "土地家屋調査士",
	"LABOR_AND_SOCIAL_SECURITY_ATTORNEY":                   "社会保険労務士",
}

func spokenQualification(code string) string {
	if name, ok := qualifications[code]; ok {
		return name
	}
	return code
}

// validityPage is where a person looks a delegation up: the portal's page beside
// the address that programs ask.
func validityPage(c Content) string {
	if base, ok := strings.CutSuffix(c.Service.ValidityURL, "/graphql"); ok {
		return base + "/check?id=" + url.QueryEscape(c.DelegationID)
	}
	return c.Service.ValidityURL
}
