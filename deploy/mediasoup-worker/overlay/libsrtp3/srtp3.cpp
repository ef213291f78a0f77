#include <srtp.h>
#include <cstring>
#include <new>

struct srtp3_policy
{
	srtp2_policy_t policy{};
	// Key and salt in one piece, which is how version 2 takes them.
	uint8_t key[SRTP_MAX_KEY_LEN]{};
};

srtp_err_status_t srtp_policy_create(srtp_policy_t* policy)
{
	*policy = new (std::nothrow) srtp3_policy();

	return *policy ? srtp_err_status_ok : srtp_err_status_alloc_fail;
}

void srtp_policy_destroy(srtp_policy_t policy)
{
	delete policy;
}

srtp_err_status_t srtp_policy_set_ssrc(srtp_policy_t policy, srtp_ssrc_t ssrc)
{
	policy->policy.ssrc = ssrc;

	return srtp_err_status_ok;
}

srtp_err_status_t srtp_policy_set_profile(srtp_policy_t policy, srtp_profile_t profile)
{
	const auto err = srtp_crypto_policy_set_from_profile_for_rtp(&policy->policy.rtp, profile);

	return err ? err : srtp_crypto_policy_set_from_profile_for_rtcp(&policy->policy.rtcp, profile);
}

srtp_err_status_t srtp_policy_add_key(
  srtp_policy_t policy,
  const uint8_t* key,
  size_t keyLen,
  const uint8_t* salt,
  size_t saltLen,
  const uint8_t* /*mki*/,
  size_t /*mkiLen*/)
{
	if (keyLen + saltLen > sizeof(policy->key))
	{
		return srtp_err_status_bad_param;
	}

	std::memcpy(policy->key, key, keyLen);
	std::memcpy(policy->key + keyLen, salt, saltLen);
	policy->policy.key = policy->key;

	return srtp_err_status_ok;
}

srtp_err_status_t srtp_policy_set_allow_repeat_tx(srtp_policy_t policy, bool allow)
{
	policy->policy.allow_repeat_tx = allow;

	return srtp_err_status_ok;
}

srtp_err_status_t srtp_policy_set_window_size(srtp_policy_t policy, size_t size)
{
	policy->policy.window_size = size;

	return srtp_err_status_ok;
}

srtp_err_status_t srtp_create(srtp_t* session, srtp_policy_t policy)
{
	return srtp_create(session, &policy->policy);
}

srtp_err_status_t srtp_stream_remove(srtp_t session, uint32_t ssrc)
{
	return srtp_remove_stream(session, ssrc);
}

// Version 2 works in place and may write up to `growth` bytes behind the packet.
template<typename InPlace>
static srtp_err_status_t fromTo(
  InPlace inPlace, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t growth)
{
	if (*outLen < inLen + growth)
	{
		return srtp_err_status_buffer_small;
	}

	if (in != out)
	{
		std::memcpy(out, in, inLen);
	}

	int len        = static_cast<int>(inLen);
	const auto err = inPlace(out, &len);

	if (!err)
	{
		*outLen = static_cast<size_t>(len);
	}

	return err;
}

srtp_err_status_t srtp_protect(
  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
{
	const auto inPlace = [session](void* packet, int* len) { return srtp_protect(session, packet, len); };

	return fromTo(inPlace, in, inLen, out, outLen, SRTP_MAX_TRAILER_LEN);
}

srtp_err_status_t srtp_unprotect(srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
{
	const auto inPlace = [session](void* packet, int* len) { return srtp_unprotect(session, packet, len); };

	return fromTo(inPlace, in, inLen, out, outLen, 0);
}

srtp_err_status_t srtp_protect_rtcp(
  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
{
	const auto inPlace = [session](void* packet, int* len) { return srtp_protect_rtcp(session, packet, len); };

	// The trailer, and the index with the E flag before it (RFC 3711 section 3.4).
	return fromTo(inPlace, in, inLen, out, outLen, SRTP_MAX_TRAILER_LEN + 4);
}

srtp_err_status_t srtp_unprotect_rtcp(
  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
{
	const auto inPlace = [session](void* packet, int* len) { return srtp_unprotect_rtcp(session, packet, len); };

	return fromTo(inPlace, in, inLen, out, outLen, 0);
}
