//! The final check of the host's portal: what was found, as the summary counts it.

use crate::{
    host::Host,
    metrics::{PortalChecks, PortalFault, PortalFinding},
    portal::Finding,
    time::Instant,
};

/// What the final check of a portal found.
#[derive(Clone, Debug, Default)]
pub(super) struct PortalFindings {
    /// How often each fault occurred.
    pub(super) checks: PortalChecks,
    /// Each of them.
    pub(super) listed: Vec<PortalFinding>,
}

/// Checks the history of a host's portal until `until`; `None` where there is no portal.
pub(super) fn portal_findings(host: &Host, until: Instant) -> Option<PortalFindings> {
    host.portal()?;
    Some(counted(&host.portal_findings(until)))
}

fn counted(findings: &[Finding]) -> PortalFindings {
    let mut found = PortalFindings::default();
    for finding in findings {
        let fault = fault(finding);
        found.checks.note(fault);
        found.listed.push(PortalFinding { fault: fault.name().into(), meaning: finding.to_string() });
    }
    found
}

/// As what a finding is counted.
fn fault(finding: &Finding) -> PortalFault {
    match finding {
        Finding::PaidToOldCard(_) | Finding::PaidToNewCard(_) => PortalFault::WrongCard,
        Finding::PaidWhileHeld(_)
        | Finding::HeldWithoutCause(_)
        | Finding::ReleasedTwice(_)
        | Finding::NotReleased(_) => PortalFault::Held,
        Finding::PaidTwice(_) => PortalFault::PaidTwice,
        Finding::Lost(_)
        | Finding::WrongAmount(_)
        | Finding::ClearedTwice(_)
        | Finding::NotCleared(_)
        | Finding::NotBooked(_)
        | Finding::WrongClearing(_)
        | Finding::KeptTooMuch(_) => PortalFault::PayoutsLost,
        Finding::TwoCodes(_) => PortalFault::TwoCodes,
        Finding::NoCode(_) => PortalFault::NoCode,
        Finding::DoubledApplication(_) => PortalFault::DoubledApplications,
        Finding::OutOfOrder(_)
        | Finding::SharedCode(_)
        | Finding::EndedNothing(_)
        | Finding::TwoCards(_)
        | Finding::NotOrdered(_) => PortalFault::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::{ApplicationNo, PayoutNo, SerialNumber};

    #[test]
    fn findings_are_counted_and_told() {
        let device = SerialNumber("SN00000001".to_owned());
        let found = counted(&[
            Finding::PaidToOldCard(PayoutNo(7)),
            Finding::PaidToNewCard(PayoutNo(8)),
            Finding::NotReleased(PayoutNo(9)),
            Finding::PaidTwice(PayoutNo(9)),
            Finding::Lost(PayoutNo(10)),
            Finding::TwoCodes(device.clone()),
            Finding::NoCode(device),
            Finding::DoubledApplication(ApplicationNo(1)),
            Finding::OutOfOrder(3),
        ]);
        let counts: Vec<(u64, &str)> = found.checks.counts().map(|(count, name, _)| (count, name)).collect();
        let wanted = [
            (2, "wrong_card"),
            (1, "held"),
            (1, "paid_twice"),
            (1, "payouts_lost"),
            (1, "two_codes"),
            (1, "no_code"),
            (1, "doubled_applications"),
            (1, "portal_other"),
        ];
        assert_eq!((counts, found.checks.total()), (wanted.to_vec(), 9));
        let first = PortalFinding {
            fault: "wrong_card".into(),
            meaning: "P00000000007 went to a card that was no longer effective".to_owned(),
        };
        assert_eq!(found.listed.first(), Some(&first));
    }
}
