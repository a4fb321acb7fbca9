//! A terminal as the host knows it: its merchant, keys and open batch.

use super::config::{Config, Enrolment};
use crate::{
    crypto::{Algorithm, Key, MacSchedule, Tmk, WorkKeyLayout, WorkKeys},
    iso8583::{BatchNo, MerchantId},
    rng::Rng,
    terminal::SignInForm,
};

/// A terminal as the host knows it.
#[derive(Debug)]
pub(super) struct Station {
    pub(super) merchant: MerchantId,
    pub(super) batch: BatchNo,
    pub(super) keys: Option<WorkKeys>,
    /// The counter of the last derived key that was used; 0 under session keys.
    pub(super) key_counter: u32,
    /// Whether its device has other numbers now.
    pub(super) has_ended: bool,
    tmk: Tmk,
    /// The master key before, as long as nothing has shown that the terminal has the new one.
    previous_tmk: Option<Tmk>,
}

impl Station {
    pub(super) fn new(enrolment: &Enrolment) -> Self {
        Self {
            merchant: enrolment.merchant,
            batch: BatchNo::FIRST,
            keys: None,
            key_counter: 0,
            has_ended: false,
            tmk: enrolment.tmk.clone(),
            previous_tmk: None,
        }
    }

    /// Makes fresh work keys; returns them as DE 62, `None` when the master key cannot carry them.
    pub(super) fn sign_in(
        &mut self,
        form: SignInForm,
        double_length_mak: bool,
        rng: &mut Rng,
    ) -> Option<Vec<u8>> {
        let keys = WorkKeys::random(layout(form, double_length_mak, self.tmk.algorithm())?, || rng.bits());
        let mut wrapped = Vec::with_capacity(84);
        keys.wrap(&self.tmk, &mut wrapped).ok()?;
        self.keys = Some(keys);
        Some(wrapped)
    }

    /// Makes a new master key; returns it as DE 62, `None` when the old one cannot carry it.
    ///
    /// Whoever asks again before it has used a key under the new one gets the same again.
    pub(super) fn renew_master_key(&mut self, rng: &mut Rng) -> Option<Vec<u8>> {
        if self.previous_tmk.is_none() {
            let new = Tmk(Key::random(self.tmk.algorithm(), || rng.bits()));
            self.tmk.wrap_successor(&new).ok()?;
            self.previous_tmk = Some(std::mem::replace(&mut self.tmk, new));
            self.keys = None;
        }
        self.previous_tmk.as_ref()?.wrap_successor(&self.tmk).ok()
    }

    /// Whether nothing has shown yet that the terminal has its newest master key.
    pub(super) fn is_renewed(&self) -> bool {
        self.previous_tmk.is_some()
    }

    /// A MAC under its newest keys has shown that the terminal has the master key.
    pub(super) fn confirm_master_key(&mut self) {
        self.previous_tmk = None;
    }

    pub(super) fn sign_out(&mut self) {
        self.keys = None;
    }

    /// The initial key, which stands where the master key stands under session keys.
    pub(super) fn initial_key(&self) -> &Tmk {
        &self.tmk
    }

    /// The expanded MAC key; `None` while the terminal is not signed in.
    pub(super) fn mac_schedule(&self, config: &Config) -> Option<MacSchedule> {
        MacSchedule::new(&self.keys.as_ref()?.mak, config.mac, config.mac_form).ok()
    }
}

/// The keys that a sign-in of this form brings; `None` when the master key is of another cipher.
fn layout(form: SignInForm, double_length_mak: bool, tmk: Algorithm) -> Option<WorkKeyLayout> {
    let is_sm4 = tmk == Algorithm::Sm4;
    match (form, double_length_mak) {
        (SignInForm::Sm4, _) => is_sm4.then_some(WorkKeyLayout::SM4_TRACK),
        _ if is_sm4 => None,
        (SignInForm::SingleDes, _) => Some(WorkKeyLayout::DES),
        (SignInForm::DoubleDes, false) => Some(WorkKeyLayout::TDES),
        (SignInForm::DoubleDes, true) => Some(WorkKeyLayout::TDES_MAK),
        (SignInForm::DoubleDesWithTrackKey, false) => Some(WorkKeyLayout::TDES_TRACK),
        (SignInForm::DoubleDesWithTrackKey, true) => Some(WorkKeyLayout::TDES_MAK_TRACK),
    }
}
